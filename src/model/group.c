/* SPDX-License-Identifier: Apache-2.0 */
/* Collecting the settings of a group. */
#include "model/group.h"

#include <string.h>

static cx_status_t out_of_memory(void)
{
    return CX_FAIL(CX_RESOURCE, "out of memory for the plan");
}

static cx_status_t set_extra(cx_group_t *group, const cx_setting_t *setting, cx_arena_t *arena)
{
    cx_extra_t *extra = group->extras;

    while (extra && strcmp(extra->name, setting->name) != 0) {
        extra = extra->next;
    }
    if (!extra) {
        extra = cx_arena_grab(arena, sizeof *extra);
        if (!extra) {
            return out_of_memory();
        }
        extra->next   = group->extras;
        group->extras = extra;
    }
    extra->name  = setting->name;
    extra->text  = setting->text;
    extra->place = setting->place;
    return CX_OK;
}

/* Splits "a,b,c"; an empty item is an error. */
static cx_status_t split(const cx_setting_t *setting, cx_arena_t *arena, cx_axis_t *axis)
{
    char  *copy  = cx_arena_text(arena, setting->text);
    size_t count = 1;

    for (const char *c = setting->text; *c; c++) {
        count += *c == ',';
    }
    axis->texts = cx_arena_grab(arena, count * sizeof *axis->texts);
    if (!copy || !axis->texts) {
        return out_of_memory();
    }
    axis->value_count = 0;
    for (char *item = copy; item;) {
        char *comma = strchr(item, ',');

        if (comma) {
            *comma = '\0';
        }
        if (*item == '\0') {
            return CX_FAIL(CX_INVALID, "%s: %s: an empty value in \"%s\"", setting->place,
                           setting->name, setting->text);
        }
        axis->texts[axis->value_count++] = item;
        item                             = comma ? comma + 1 : NULL;
    }
    return CX_OK;
}

cx_status_t cx_group_set(cx_group_t *group, const cx_setting_t *setting, cx_arena_t *arena)
{
    const cx_option_t *row = cx_options_find(cx_case_options, setting->name);
    cx_axis_t         *axis;

    if (!row) {
        return set_extra(group, setting, arena);
    }
    axis         = &group->axes[row - cx_case_options];
    axis->place  = setting->place;
    axis->origin = setting->origin;
    if (row->is_axis) {
        return split(setting, arena, axis);
    }
    axis->texts = cx_arena_grab(arena, sizeof *axis->texts);
    if (!axis->texts) {
        return out_of_memory();
    }
    axis->texts[0]    = setting->text;
    axis->value_count = 1;
    return CX_OK;
}

/* The items of a list, joined as they would be written on the command line. */
static cx_status_t join(const cx_node_t *list, const char *place, const char *name,
                        cx_arena_t *arena, const char **out)
{
    const char *joined = "";

    if (list->item_count == 0) {
        return CX_FAIL(CX_INVALID, "%s: %s: an empty list", place, name);
    }
    for (size_t i = 0; i < list->item_count && joined; i++) {
        if (list->items[i].kind != CX_NODE_SCALAR) {
            return CX_FAIL(CX_INVALID, "%s: %s: a list holds plain values only", place, name);
        }
        joined = i == 0 ? list->items[i].text
                        : cx_arena_format(arena, "%s,%s", joined, list->items[i].text);
    }
    *out = joined;
    return joined ? CX_OK : out_of_memory();
}

cx_status_t cx_group_read(cx_group_t *group, const cx_node_t *map, const char *path,
                          cx_arena_t *arena)
{
    for (size_t i = 0; i < map->item_count; i++) {
        const cx_node_t *key     = &map->keys[i];
        const cx_node_t *item    = &map->items[i];
        cx_setting_t     setting = {.name = key->text, .origin = CX_ORIGIN_SUITE};

        setting.place = cx_arena_format(arena, "%s:%d:%d", path, item->line, item->column);
        if (!setting.place) {
            return out_of_memory();
        }
        if (item->kind == CX_NODE_MAP) {
            return CX_FAIL(CX_INVALID, "%s: %s: expected a value or a list of values",
                           setting.place, key->text);
        }
        setting.text = item->text;
        if (item->kind == CX_NODE_LIST) {
            CX_TRY(join(item, setting.place, key->text, arena, &setting.text));
        }
        if (strcmp(key->text, "only_on") == 0) {
            group->only_on.place = setting.place;
            CX_TRY(split(&setting, arena, &group->only_on));
            continue;
        }
        CX_TRY(cx_group_set(group, &setting, arena));
    }
    return CX_OK;
}
