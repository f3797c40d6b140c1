/* template.c - a line at a time. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/template.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct filling {
    const struct template_value *values;
    int count;
    int line;
    int opened;   /* the line of the piece's "if"; 0: outside of any */
    bool turned;  /* behind its "else" */
    bool dropped; /* what stands here */
    struct buf *out;
    struct error *err;
};

static const struct template_value *find_value(const struct filling *filling, struct slice name)
{
    for (int i = 0; i < filling->count; i++) {
        if (slice_equals_text(name, filling->values[i].name))
            return &filling->values[i];
    }
    return NULL;
}

static int refuse_name(const struct filling *filling, struct slice name)
{
    return error_set(filling->err, EINVAL, "line %d: %.*s is nothing that can stand here",
                     filling->line, name.length > 40 ? 40 : (int)name.length, name.data);
}

/* The NAME at the beginning of "NAME}…", or an empty slice. */
static struct slice name_in_braces(struct slice text)
{
    struct slice name = { text.data, 0 };

    while (name.length < text.length
           && (isupper((unsigned char)text.data[name.length])
               || isdigit((unsigned char)text.data[name.length]) || text.data[name.length] == '_'))
        name.length++;
    if (name.length == text.length || text.data[name.length] != '}')
        name.length = 0;
    return name;
}

/* nginx's own ${name} has small letters, and so is never ours. */
static int fill_line(struct filling *filling, struct slice line)
{
    while (line.length > 0) {
        const char *dollar = memchr(line.data, '$', line.length);
        size_t before = dollar == NULL ? line.length : (size_t)(dollar - line.data);
        const struct template_value *value;
        struct slice name;

        buf_append(filling->out, (struct slice){ line.data, before });
        line = (struct slice){ line.data + before, line.length - before };
        name = line.length > 2 && line.data[1] == '{'
                   ? name_in_braces((struct slice){ line.data + 2, line.length - 2 })
                   : (struct slice){ NULL, 0 };
        if (line.length > 0 && name.length == 0) {
            buf_append_char(filling->out, '$');
            line = (struct slice){ line.data + 1, line.length - 1 };
        } else if (name.length > 0) {
            value = find_value(filling, name);
            if (value == NULL)
                return refuse_name(filling, name);
            buf_append_text(filling->out, value->value == NULL ? "" : value->value);
            line = (struct slice){ line.data + name.length + 3, line.length - name.length - 3 };
        }
    }
    buf_append_char(filling->out, '\n');
    return 0;
}

static int take_word(struct filling *filling, struct slice word, struct slice name)
{
    const struct template_value *value = find_value(filling, name);

    if (slice_equals_text(word, "if") && filling->opened == 0) {
        if (value == NULL)
            return refuse_name(filling, name);
        filling->opened = filling->line;
        filling->turned = false;
        filling->dropped = value->value == NULL;
    } else if (slice_equals_text(word, "else") && filling->opened != 0 && !filling->turned) {
        filling->turned = true;
        filling->dropped = !filling->dropped;
    } else if (slice_equals_text(word, "end") && filling->opened != 0) {
        filling->opened = 0;
        filling->dropped = false;
    } else {
        return refuse_name(filling, word);
    }
    return 0;
}

static int take_line(struct filling *filling, struct slice line)
{
    struct slice rest = slice_trim(line);
    struct slice word;

    filling->line++;
    if (!slice_starts_with(rest, SLICE("#:")))
        return filling->dropped ? 0 : fill_line(filling, line);
    rest = slice_trim((struct slice){ rest.data + 2, rest.length - 2 });
    word = slice_cut(&rest, ' ');
    return take_word(filling, word, slice_trim(rest));
}

int template_fill(struct slice text, const struct template_value *values, int count,
                  struct buf *ret, struct error *err)
{
    struct filling filling = { values, count, 0, 0, false, false, ret, err };
    int code = 0;

    while (code == 0 && text.length > 0)
        code = take_line(&filling, slice_cut(&text, '\n'));
    if (code == 0 && filling.opened != 0)
        code =
            error_set(err, EINVAL, "line %d: what begins here has no \"#: end\"", filling.opened);
    if (code == 0 && !buf_ok(ret))
        code = error_set(err, ENOMEM, "out of memory");
    return code;
}

static const struct template_mark *mark_at(const struct template_mark *marks, int count,
                                           struct slice text)
{
    for (int i = 0; i < count; i++) {
        if (slice_starts_with(text, slice_of(marks[i].mark)))
            return &marks[i];
    }
    return NULL;
}

int template_replace(struct slice text, const struct template_mark *marks, int count,
                     struct buf *ret, struct error *err)
{
    enum { MARKS_MAX = 8 };
    int times[MARKS_MAX] = { 0 };

    if (count > MARKS_MAX)
        return error_set(err, EINVAL, "more than %d marks", MARKS_MAX);
    while (text.length > 0) {
        const struct template_mark *mark = mark_at(marks, count, text);
        size_t length = mark == NULL ? 1 : strlen(mark->mark);

        if (mark == NULL)
            buf_append(ret, (struct slice){ text.data, 1 });
        else
            buf_append_text(ret, mark->value);
        if (mark != NULL)
            times[mark - marks]++;
        text = (struct slice){ text.data + length, text.length - length };
    }
    for (int i = 0; i < count; i++) {
        if (times[i] != marks[i].times)
            return error_set(err, EINVAL, "%.60s stands there %d times and not %d", marks[i].mark,
                             times[i], marks[i].times);
    }
    return buf_ok(ret) ? 0 : error_set(err, ENOMEM, "out of memory");
}
