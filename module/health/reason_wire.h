/* reason_wire.h - the phrases of reason.h for what lies on the way to an answer: connections, TLS
 * and HTTP. */
#ifndef HEALTH_REASON_WIRE_H
#define HEALTH_REASON_WIRE_H

/* X(ENUM, phrase, hint), as there. */
#define FOR_EACH_WIRE_REASON(X)                                                                   \
    X(REFUSED, "connection refused",                                                              \
      "nothing listens there: is the server running, and is the address right?")                  \
    X(TIMEOUT, "timeout after %lld ms",                                                           \
      "the server accepts or holds connections but does not answer: look at its load and locks")  \
    X(CLOSED, "connection closed",                                                                \
      "the server closed the connection in the middle of an answer: look at its log")             \
    X(UNREACHABLE, "network unreachable",                                                         \
      "there is no route to the server: look at the network and its policies")                    \
    X(NAME_NOT_RESOLVED, "name not resolved",                                                     \
      "the host name has no address here: check its spelling and the DNS of this machine")        \
    X(TLS_REQUIRED, "tls: required by the server",                                                \
      "the server speaks only TLS: use rediss://, https:// or sslmode in the address")            \
    X(TLS_FAILED, "tls: handshake failed",                                                        \
      "the server does not speak TLS there, or no version and cipher in common: check the port")  \
    X(CERTIFICATE_EXPIRED, "tls: certificate expired", "renew the server's certificate")          \
    X(CERTIFICATE_NOT_YET, "tls: certificate not yet valid",                                      \
      "the certificate begins in the future: are both clocks right?")                             \
    X(CERTIFICATE_UNTRUSTED, "tls: certificate not trusted",                                      \
      "no known authority has signed it: name its file as tls.ca, or install ca-certificates")    \
    X(CERTIFICATE_NAME, "tls: certificate for another name",                                      \
      "the certificate does not hold the name in the address: correct the address, or name the "  \
      "server as tls.server_name")                                                                \
    X(CERTIFICATE_REFUSED, "tls: certificate refused",                                            \
      "the server wants a certificate of ours: set tls.certificate and tls.key")                  \
    X(TLS_FILES, "tls: our own files are of no use",                                              \
      "tls.ca, tls.certificate or tls.key can't be read or don't fit together: the log tells "    \
      "which")                                                                                    \
    X(CERTIFICATE_EXPIRES, "tls: certificate expires in %lld days",                               \
      "renew the server's certificate before it expires")                                         \
    X(HTTP_STATUS, "http status %lld",                                                            \
      "the server answers, but not with a status that is well: 2xx, unless the check says other") \
    X(HTTP_HEADER, "http header missing or different",                                            \
      "the answer does not hold the header that the check expects")                               \
    X(HTTP_BODY, "http body does not match",                                                      \
      "the answer does not hold the text that the check expects")                                 \
    X(HTTP_JSON, "http json does not match",                                                      \
      "the answer does not hold the value that the check expects: see json_pointer")              \
    X(HTTP_LARGE, "http body too large to be judged",                                             \
      "what the check expects is not in its first 64 KiB")                                        \
    X(ANSWERED_BY_US, "answered by Probity itself",                                               \
      "PROBITY_APP leads through nginx back to Probity's own page: name the application's own "   \
      "port and path")                                                                            \
    X(REPORTED_DEGRADED, "reported by the application",                                           \
      "the application calls itself degraded: its own words stand in reported")                   \
    X(REPORTED_FAILED, "reported by the application",                                             \
      "the application calls itself unhealthy: its own words stand in reported")

#endif
