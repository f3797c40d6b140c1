EXTRA_DIST += %D%/railway.ts
