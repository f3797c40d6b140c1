-- Lists everything in the schema probity but partitions, which come and go: columns, constraints,
-- indexes, functions and what they may be granted for.
SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
       || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
       || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE n.nspname = 'probity' AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
ORDER BY c.relname COLLATE "C", a.attnum;
SELECT c.relname || ': ' || pg_get_constraintdef(o.oid)
FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid
JOIN pg_namespace n ON n.oid = o.connamespace
WHERE n.nspname = 'probity' AND NOT c.relispartition
ORDER BY c.relname COLLATE "C", o.conname COLLATE "C";
SELECT indexdef FROM pg_indexes WHERE schemaname = 'probity' AND tablename !~ '_p[0-9]+$'
ORDER BY indexname COLLATE "C";
SELECT c.relname || ' by ' || pg_get_partkeydef(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'probity' AND c.relkind = 'p' ORDER BY c.relname COLLATE "C";
SELECT p.oid::regprocedure || CASE WHEN p.prosecdef THEN ' of the owner' ELSE '' END
       || CASE WHEN has_function_privilege('public', p.oid, 'EXECUTE') THEN ' for everybody'
          ELSE '' END
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'probity' ORDER BY p.proname COLLATE "C";
