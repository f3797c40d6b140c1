// railway.ts - a service with Probity in its own container, and what it works with.
// SPDX-License-Identifier: MIT
//
// Copy it to .railway/railway.ts of your repository, which has a Dockerfile as docs/deploy/image.md
// makes one; then `railway config plan` and `railway config apply`. What each line is for, and what
// the same is called in the dashboard: docs/deploy/railway.md.
import { defineRailway, github, postgres, preserve, project, redis, service } from "railway/iac";

const source = github("you/shop");
const build = { builder: "DOCKERFILE", dockerfilePath: "Dockerfile" } as const;

// SIGTERM: 5 s more of everything (the edge goes on sending for a moment), then up to 10 s for what
// is under way and 10 s for the application, and the last commit. Railway's own default is 0 s.
const drain = 5;
const shutdown = 10;
const drainingSeconds = 30; // at least drain + 2 * shutdown + 3

export default defineRailway((ctx) => {
  const production = ctx.isEnvironment("production");
  const db = postgres("Postgres");
  const cache = redis("Redis");

  const addresses = {
    DATABASE_URL: db.env.DATABASE_URL,
    REDIS_URL: cache.env.REDIS_URL,
    CELERY_BROKER_URL: cache.env.REDIS_URL,
  };

  const web = service("web", {
    source,
    build,
    // Instead of the image's ENTRYPOINT. nginx listens on PORT, which Railway sets.
    start: "probity serve -- uvicorn app:app --host 127.0.0.1 --port 8000",
    // Once for each deployment, before any new container; what fails aborts the deployment.
    preDeploy: '/bin/sh -c "probity migrate upgrade --newer-ok && alembic upgrade head"',
    // Asked until the first 200, and never again.
    healthcheck: "/health/ready",
    healthcheckTimeout: 300,
    replicas: production ? 2 : 1,
    deploy: {
      drainingSeconds,
      overlapSeconds: 10,
      restartPolicyType: "ON_FAILURE",
      restartPolicyMaxRetries: 10,
      // Asleep after 10 minutes without a packet: see PROBITY_IDLE below.
      sleepApplication: !production,
    },
    // No volumeMounts: with a volume two deployments can't overlap, and each costs a moment.
    env: {
      ...addresses,
      PROBITY_SERVICE: "shop",
      PROBITY_UPSTREAM: "127.0.0.1:8000",
      PROBITY_APP: "http://127.0.0.1:8000/health",
      // A variable that gets lost is a 503, and not a check that nobody misses.
      PROBITY_REQUIRE: "database,redis,celery",
      // A version that is well for a second and then falls over is never switched to.
      PROBITY_READY_AFTER: "5s",
      PROBITY_DRAIN_SECONDS: String(drain),
      PROBITY_SHUTDOWN_SECONDS: String(shutdown),
      PROBITY_IDLE: production ? "never" : "pause",
      PROBITY_ADMIN_TOKEN: preserve(),
    },
  });

  const worker = service("worker", {
    source,
    build,
    start: "celery -A tasks worker --loglevel info",
    // Nobody asks a worker over HTTP: the check `celery` of `web` says how it is.
    deploy: {
      drainingSeconds: 300, // for the task under way: Celery's warm shutdown
      restartPolicyType: "ON_FAILURE",
      restartPolicyMaxRetries: 10,
    },
    env: addresses,
  });

  return project("shop", { resources: [db, cache, web, worker] });
});
