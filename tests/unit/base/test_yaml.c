/* test_yaml.c - module/base/yaml.c */
/* SPDX-License-Identifier: MIT */
#include "base/yaml.h"

#include "base/buf.h"
#include "base/limits.h"
#include "suite.h"

#include <errno.h>

enum { ARENA_BYTES = 64 * 1024 * 1024 };

struct read {
    struct arena *arena;
    const struct yaml_node *const *documents;
    int count;
    int code;
    struct yaml_trouble trouble;
};

static struct read read_slice(struct slice text)
{
    struct read read = { .arena = arena_new(ARENA_BYTES) };
    struct yaml_input input = { .file = "a.yaml", .text = text, .arena = read.arena };

    ck_assert_ptr_nonnull(read.arena);
    read.code = yaml_parse(&input, &read.documents, &read.count, &read.trouble);
    return read;
}

static struct read read_text(const char *text)
{
    return read_slice(slice_of(text));
}

static void dump(const struct yaml_node *node, struct buf *buf)
{
    buf_printf(buf, "%d:%d", node->line, node->column);
    if (node->kind == YAML_SCALAR)
        buf_printf(buf, "%s%s", node->plain ? "=" : "'", node->text.data);
    for (int i = 0; node->kind == YAML_MAP && i < node->count; i++) {
        buf_printf(buf, "%c%s ", i == 0 ? '{' : ',', node->entries[i].key);
        dump(node->entries[i].value, buf);
    }
    for (int i = 0; node->kind == YAML_LIST && i < node->count; i++) {
        buf_append_char(buf, i == 0 ? '[' : ',');
        dump(node->items[i], buf);
    }
    if (node->kind != YAML_SCALAR)
        buf_append_text(buf, node->kind == YAML_MAP ? "}" : "]");
}

START_TEST(every_value_knows_its_line_and_column)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "a: 1\nb:\n  - x\n  - 'y'\n", "1:1{a 1:4=1,b 3:3[3:5=x,4:5'y]}" },
        { "{\"a\": [1, {\"b\": \"c\"}]}", "1:1{a 1:7[1:8=1,1:11{b 1:17'c}]}" },
        { "a: |\n  one\n  two\n", "1:1{a 2:1'one\ntwo\n}" },
        { "a:\nb: ~\n", "1:1{a 1:1=,b 2:4=~}" },
        { "---\na: !!str 5\n", "2:1{a 2:10'5}" },
        { "x: &n {k: v}\ny: *n\n", "1:1{x 1:7{k 1:11=v},y 1:7{k 1:11=v}}" },
        { "[]", "1:1]" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        AUTO(buf_done) struct buf buf;
        struct read read = read_text(cases[i].text);

        buf_init(&buf, 4096);
        ck_assert_int_eq(read.code, 0);
        ck_assert_int_eq(read.count, 1);
        ck_assert_str_eq(read.documents[0]->file, "a.yaml");
        dump(read.documents[0], &buf);
        ck_assert_str_eq(buf_text(&buf), cases[i].want);
        arena_free(&read.arena);
    }
}
END_TEST

START_TEST(a_file_may_hold_several_documents_or_none)
{
    struct read read = read_text("a: 1\n---\nb: 2\n---\n- c\n");

    ck_assert_int_eq(read.code, 0);
    ck_assert_int_eq(read.count, 3);
    ck_assert_str_eq(yaml_text(yaml_get(read.documents[1], "b")), "2");
    ck_assert_ptr_null(yaml_get(read.documents[2], "b"));
    arena_free(&read.arena);
    read = read_text("# nothing\n");
    ck_assert_int_eq(read.code, 0);
    ck_assert_int_eq(read.count, 0);
    arena_free(&read.arena);
    read = read_text("");
    ck_assert_int_eq(read.count, 0);
    arena_free(&read.arena);
}
END_TEST

START_TEST(what_is_not_yaml_is_refused_at_its_place)
{
    static const struct {
        const char *text;
        int line, column;
        const char *words;
    } cases[] = {
        { "a: 1\nb: [1, 2\nc: 3\n", 4, 1, "not YAML" },
        { "a: 1\na: 2\n", 2, 1, "the key \"a\" stands twice" },
        { "a: *b\n", 1, 4, "the alias *b has no anchor before it" },
        { "a: &a [*a]\n", 1, 8, "the alias *a has no anchor before it" },
        { "? [x]\n: 1\n", 1, 3, "a key must be a text" },
        { "a: \"\\0\"\n", 1, 4, "a value holds a NUL byte" },
        { "a: 1\nb: \xff\n", 2, 4, "not UTF-8 text" },
        { "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 1, 33, "nested deeper than 32 levels" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct read read = read_text(cases[i].text);

        ck_assert_int_eq(read.code, -EINVAL);
        ck_assert_msg(strstr(read.trouble.text, cases[i].words) != NULL, "%zu: %s", i,
                      read.trouble.text);
        ck_assert_msg(read.trouble.line == cases[i].line && read.trouble.column == cases[i].column,
                      "%zu: %d:%d %s", i, read.trouble.line, read.trouble.column,
                      read.trouble.text);
        arena_free(&read.arena);
    }
}
END_TEST

START_TEST(documents_before_the_faulty_one_are_still_there)
{
    struct read read = read_text("a: 1\n---\nb: 2\n---\nc: [\n");

    ck_assert_int_eq(read.code, -EINVAL);
    ck_assert_int_eq(read.count, 2);
    arena_free(&read.arena);
}
END_TEST

START_TEST(aliases_that_stand_for_too_much_are_refused)
{
    AUTO(buf_done) struct buf buf;
    struct read read;

    buf_init(&buf, 64 * 1024);
    buf_append_text(&buf, "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 12; i++) {
        buf_printf(&buf, "l%d: &l%d [", i, i);
        for (int k = 0; k < 10; k++)
            buf_printf(&buf, "%s*l%d", k == 0 ? "" : ", ", i - 1);
        buf_append_text(&buf, "]\n");
    }
    read = read_slice(buf_slice(&buf));
    ck_assert_int_eq(read.code, -EINVAL);
    ck_assert_ptr_nonnull(strstr(read.trouble.text, "aliases counted"));
    ck_assert_uint_lt(arena_used_bytes(read.arena), 4 * 1024 * 1024);
    arena_free(&read.arena);
}
END_TEST

START_TEST(a_text_that_is_too_long_is_refused)
{
    AUTO(buf_done) struct buf buf;
    struct read read;

    buf_init(&buf, 2 * LIMIT_YAML_BYTES);
    while (buf.length <= LIMIT_YAML_BYTES)
        buf_append_text(&buf, "# a comment of some length, again and again and again\n");
    read = read_slice(buf_slice(&buf));
    ck_assert_int_eq(read.code, -EINVAL);
    ck_assert_str_eq(read.trouble.text, "longer than 1024 KiB: split it");
    arena_free(&read.arena);
}
END_TEST

START_TEST(only_plain_words_are_null_or_a_boolean)
{
    struct read read = read_text("a: ~\nb: 'null'\nc: true\nd: \"true\"\ne: yes\nf:\n");
    const struct yaml_node *map = read.documents[0];
    bool value = false;

    ck_assert(yaml_is_null(yaml_get(map, "a")));
    ck_assert_str_eq(yaml_text(yaml_get(map, "b")), "null");
    ck_assert(yaml_bool(yaml_get(map, "c"), &value) && value);
    ck_assert(!yaml_bool(yaml_get(map, "d"), &value));
    ck_assert(!yaml_bool(yaml_get(map, "e"), &value));
    ck_assert(yaml_is_null(yaml_get(map, "f")));
    ck_assert(yaml_is_null(NULL));
    ck_assert_ptr_null(yaml_text(map));
    arena_free(&read.arena);
}
END_TEST

START_TEST(yaml_survives_every_allocation_that_fails)
{
    struct yaml_input input = { .file = "a", .text = SLICE("a: &x [1, {b: c}]\nd: *x\n") };
    int code = -ENOMEM;

    for (int n = 0; code != 0; n++) {
        AUTO(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
        const struct yaml_node *const *documents;
        struct yaml_trouble trouble;
        int count;

        ck_assert_int_lt(n, 1000);
        input.arena = arena;
        malloc_fail_at(n);
        code = yaml_parse(&input, &documents, &count, &trouble);
        malloc_fail_at(-1);
        ck_assert(code == 0 || code == -ENOMEM);
    }
}
END_TEST

TCase *yaml_cases(void)
{
    TCase *cases = tcase_create("yaml");

    tcase_add_test(cases, every_value_knows_its_line_and_column);
    tcase_add_test(cases, a_file_may_hold_several_documents_or_none);
    tcase_add_test(cases, what_is_not_yaml_is_refused_at_its_place);
    tcase_add_test(cases, documents_before_the_faulty_one_are_still_there);
    tcase_add_test(cases, aliases_that_stand_for_too_much_are_refused);
    tcase_add_test(cases, a_text_that_is_too_long_is_refused);
    tcase_add_test(cases, only_plain_words_are_null_or_a_boolean);
    tcase_add_test(cases, yaml_survives_every_allocation_that_fails);
    return cases;
}
