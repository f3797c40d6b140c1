/* render_text.c - a line for each check and the verdict last, in the form of kube-apiserver. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/summary.h"

/* What an operator wrote must stay on its line. */
static void put_line(struct buf *body, const char *words)
{
    for (; *words != '\0'; words++)
        buf_append_char(body, (char)((unsigned char)*words < ' ' || *words == 0x7f ? ' ' : *words));
}

static void put_check(const struct view *view, int check, struct buf *body)
{
    struct check_verdict verdict = render_verdict(view, check);
    bool well = verdict.status == CHECK_OK || verdict.status == CHECK_DEGRADED;
    char word[CHECK_WORD_BYTES];

    /* The mark says error already. */
    if (verdict.status == CHECK_ERROR)
        check_verdict_why(&verdict, word);
    else
        check_verdict_word(&verdict, word);
    buf_printf(body, "[%c]%s %s\n", well ? '+' : '-', view->overview->config->checks[check].name,
               word);
}

void summary_write_text(const struct summary *summary, const struct view *view,
                        struct page_text *text, struct buf *body)
{
    text->content_type = "text/plain; charset=utf-8";
    for (int i = 0; i < view->overview->config->check_count; i++) {
        if (summary_shows(summary, view, i))
            put_check(view, i, body);
    }
    buf_append_text(body, summary->status);
    if (summary->reason[0] != '\0') {
        buf_append_text(body, ": ");
        put_line(body, summary->reason);
    }
    buf_append_char(body, '\n');
}
