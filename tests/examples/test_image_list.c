#include "image_list.h"

#include <sys/stat.h>

#include "suite.h"

static void make_file(const char *folder, const char *name)
{
    char path[512];
    const int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    ck_assert_int_lt(length, (int)sizeof path);
    char *end = strrchr(path, '/');
    *end = '\0';
    mkdir(path, 0777);
    *end = '/';
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    fclose(file);
}

/* The list of a folder with these files, which is removed again. */
static image_list list_of(const char *const *names, size_t count)
{
    image_list list;
    failure why;
    char command[512];
    const char *folder = scratch_path("list");
    ck_assert_int_eq(mkdir(folder, 0777), 0);
    for (size_t i = 0; i < count; i++) make_file(folder, names[i]);
    ck_assert_msg(image_list_make(folder, &list, &why) == 0, "%s", why.text);
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    ck_assert_int_eq(system(command), 0);
    return list;
}

static void expect(const image_list *list, int64_t index, const char *name, int label)
{
    ck_assert_str_eq(list->entries[index].name, name);
    ck_assert_int_eq(list->entries[index].label, label);
}

START_TEST(folders_are_classes)
{
    static const char *const names[] = {"cats/2.png", "dogs.and/1.JPG", "cats/1.jpeg", "cats/no.txt", "cats.png/1.png"};
    image_list list = list_of(names, 5);
    ck_assert_int_eq(list.count, 4);
    expect(&list, 0, "cats/1.jpeg", 0);
    expect(&list, 1, "cats/2.png", 0);
    expect(&list, 2, "cats.png/1.png", 1);
    expect(&list, 3, "dogs.and/1.JPG", 2);
    image_list_free(&list);
}
END_TEST

START_TEST(files_in_no_folder_are_one_class_wherever_their_names_stand)
{
    static const char *const names[] = {"a.png", "b/1.png", "c.png", "d/1.png", "d/2.png", "e.png"};
    static const int labels[] = {0, 1, 0, 2, 2, 0};
    image_list list = list_of(names, 6);
    ck_assert_int_eq(list.count, 6);
    for (int i = 0; i < 6; i++) expect(&list, i, names[i], labels[i]);
    image_list_free(&list);
    list = list_of(names + 1, 2); /* a folder comes first */
    expect(&list, 0, "b/1.png", 1);
    expect(&list, 1, "c.png", 0);
    image_list_free(&list);
}
END_TEST

START_TEST(the_last_class_is_of_all_further_folders)
{
    enum { FOLDERS = 258 };
    static char text[FOLDERS][16];
    const char *names[FOLDERS];
    for (int i = 0; i < FOLDERS; i++) {
        snprintf(text[i], sizeof text[i], "%03d/a.png", i);
        names[i] = text[i];
    }
    image_list list = list_of(names, FOLDERS);
    ck_assert_int_eq(list.count, FOLDERS);
    for (int i = 0; i < FOLDERS; i++) expect(&list, i, names[i], i < 255 ? i : 255);
    image_list_free(&list);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {folders_are_classes, files_in_no_folder_are_one_class_wherever_their_names_stand,
                                  the_last_class_is_of_all_further_folders};
    return RUN_SUITE("image_list", tests);
}
