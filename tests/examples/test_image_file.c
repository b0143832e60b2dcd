#include "image_file.h"

#include <sys/stat.h>

#include "bitmap.h"
#include "resize.h"
#include "scratch_files.h"
#include "suite.h"
#include "write_pictures.h"

enum { ROOM = 3 * 64 * 64 };

static uint8_t image[ROOM];

static void read_file(const char *path, int64_t side, bool grey)
{
    failure why;
    memset(image, 0xa5, sizeof image);
    ck_assert_msg(image_file_read(path, side, grey, image, &why) == 0, "%s", why.text);
    remove(path);
}

static void expect_failure(const char *path, const char *reason)
{
    failure why;
    ck_assert_msg(image_file_read(path, 4, false, image, &why) == -1, "read, but should have failed: %s", reason);
    assert_contains(why.text, reason);
    ck_assert_ptr_null(strchr(why.text, '\n'));
    remove(path);
}

/* All planes must have these pixels. */
static void expect_planes(const uint8_t *expected, int planes, int count, int error)
{
    for (int i = 0; i < planes * count; i++)
        ck_assert_msg(abs(image[i] - expected[i]) <= error, "pixel %d is %d, not %d", i, image[i], expected[i]);
}

static const char *png_of(picture p)
{
    const char *path = scratch_path("picture");
    write_png(path, &p);
    return path;
}

static const char *jpeg_of(picture p)
{
    const char *path = scratch_path("picture");
    write_jpeg(path, &p);
    return path;
}

static const uint8_t grey4[] = {0, 17, 34, 51, 68, 85, 102, 119, 136, 153, 170, 187, 204, 221, 238, 255};

/* Grey of 4x4, in each plane. */
static void expect_grey4(bool grey, int error)
{
    uint8_t expected[3 * 16];
    for (int c = 0; c < 3; c++) memcpy(expected + 16 * c, grey4, 16);
    expect_planes(expected, grey ? 1 : 3, 16, error);
}

START_TEST(png_files_of_every_form_are_read)
{
    uint8_t alpha[32], deep[32], nibbles[8], colours[64], rgb[48];
    for (int i = 0; i < 16; i++) {
        alpha[2 * i] = deep[2 * i] = grey4[i];
        alpha[2 * i + 1] = deep[2 * i + 1] = (uint8_t)(255 - 3 * i);
        for (int c = 0; c < 3; c++) colours[4 * i + c] = rgb[3 * i + c] = (uint8_t)(16 * i + c);
        colours[4 * i + 3] = (uint8_t)i;
        nibbles[i / 2] = (uint8_t)(i % 2 == 0 ? i << 4 : nibbles[i / 2] | i);
    }
    for (int special = 0; special < 2; special++)
        for (int grey = 0; grey < 2; grey++) {
            picture p = {
                .width = 4, .height = 4, .type = PNG_COLOR_TYPE_GRAY, .depth = 8, .special = special, .rows = grey4};
            read_file(png_of(p), 4, grey);
            expect_grey4(grey, 0);
            p.depth = 16;
            p.rows = deep;
            read_file(png_of(p), 4, grey);
            expect_grey4(grey, 0);
            p.depth = 4;
            p.rows = nibbles;
            read_file(png_of(p), 4, grey);
            expect_grey4(grey, 0);
            p.depth = 8;
            p.type = PNG_COLOR_TYPE_GRAY_ALPHA;
            p.rows = alpha;
            read_file(png_of(p), 4, grey);
            expect_grey4(grey, 0);

            uint8_t expected[48], of_palette[48];
            for (int i = 0; i < 16; i++) {
                const double level = .299 * (16 * i) + .587 * (16 * i + 1) + .114 * (16 * i + 2);
                const double other = .299 * (255 - i) + .587 * (i / 2) + .114 * (i * 7 % 256);
                for (int c = 0; c < 3; c++) expected[16 * c + i] = (uint8_t)(16 * i + c);
                of_palette[i] = (uint8_t)(255 - i);
                of_palette[16 + i] = (uint8_t)(i / 2);
                of_palette[32 + i] = (uint8_t)(i * 7 % 256);
                if (grey) expected[i] = (uint8_t)(level + .5);
                if (grey) of_palette[i] = (uint8_t)(other + .5);
            }
            p.type = PNG_COLOR_TYPE_RGB;
            p.rows = rgb;
            read_file(png_of(p), 4, grey);
            expect_planes(expected, grey ? 1 : 3, 16, grey);
            p.type = PNG_COLOR_TYPE_RGB_ALPHA;
            p.rows = colours;
            read_file(png_of(p), 4, grey);
            expect_planes(expected, grey ? 1 : 3, 16, grey);
            p.type = PNG_COLOR_TYPE_PALETTE;
            p.depth = 4;
            p.rows = nibbles;
            read_file(png_of(p), 4, grey);
            expect_planes(of_palette, grey ? 1 : 3, 16, grey);
        }
}
END_TEST

START_TEST(jpeg_files_of_every_form_are_read)
{
    uint8_t rgb[48], cmyk[64];
    for (int i = 0; i < 16; i++)
        for (int c = 0; c < 3; c++) rgb[3 * i + c] = grey4[i];
    for (int i = 0; i < 16; i++) { /* no colour, and as much black as grey lacks: kept as 255 less the ink */
        cmyk[4 * i] = cmyk[4 * i + 1] = cmyk[4 * i + 2] = 255;
        cmyk[4 * i + 3] = grey4[i];
    }
    for (int special = 0; special < 2; special++)
        for (int grey = 0; grey < 2; grey++) {
            read_file(jpeg_of((picture){4, 4, 1, 8, special, 0, grey4}), 4, grey);
            expect_grey4(grey, 3);
            read_file(jpeg_of((picture){4, 4, 3, 8, special, 0, rgb}), 4, grey);
            expect_grey4(grey, 3);
            read_file(jpeg_of((picture){4, 4, 4, 8, special, 0, cmyk}), 4, grey);
            expect_grey4(grey, 3);
        }
}
END_TEST

/* Colours of ink: red is no cyan, and all of magenta and yellow. */
START_TEST(ink_becomes_light)
{
    static const uint8_t red[4] = {255, 0, 0, 255}, dark_red[4] = {255, 0, 0, 128};
    uint8_t out[3];
    bitmap b = {.width = 1, .height = 1, .channels = 4, .pixels = (uint8_t *)(uintptr_t)red, .orientation = 1};
    bitmap_square(&b, false, out);
    ck_assert_mem_eq(out, ((const uint8_t[]){255, 0, 0}), 3);
    b.pixels = (uint8_t *)(uintptr_t)dark_red;
    bitmap_square(&b, false, out);
    ck_assert_mem_eq(out, ((const uint8_t[]){128, 0, 0}), 3);
    bitmap_square(&b, true, out);
    ck_assert_int_eq(out[0], 38);
}
END_TEST

/* A picture of 3 columns and 2 rows; the middle square of the upright one, by hand, for each orientation:
 * 0 1 2
 * 3 4 5  */
START_TEST(pictures_are_turned_upright_and_cut)
{
    static const uint8_t stored[] = {0, 10, 20, 30, 40, 50};
    static const uint8_t upright[9][4] = {
        {0, 10, 30, 40}, {0, 10, 30, 40}, {20, 10, 50, 40}, {50, 40, 20, 10}, {30, 40, 0, 10},
        {0, 30, 10, 40}, {30, 0, 40, 10}, {50, 20, 40, 10}, {20, 50, 10, 40},
    };
    for (int o = 0; o <= 8; o++) {
        read_file(png_of((picture){3, 2, PNG_COLOR_TYPE_GRAY, 8, 0, o, stored}), 2, true);
        expect_planes(upright[o], 1, 4, 0);
    }
    static uint8_t halves[32 * 16]; /* the left one black, the right one white */
    for (int i = 0; i < 32 * 16; i++) halves[i] = i % 32 < 16 ? 0 : 255;
    for (int o = 1; o <= 8; o++) { /* upright, white lies right, left, left, right, below, below, above, above */
        static const int corners[9][4] = {{0},          {0, 1, 0, 1}, {1, 0, 1, 0}, {1, 0, 1, 0}, {0, 1, 0, 1},
                                          {0, 0, 1, 1}, {0, 0, 1, 1}, {1, 1, 0, 0}, {1, 1, 0, 0}};
        read_file(jpeg_of((picture){32, 16, 1, 8, 0, o, halves}), 16, true);
        const int at[] = {0, 15, 15 * 16, 15 * 16 + 15};
        for (int k = 0; k < 4; k++)
            ck_assert_msg(image[at[k]] / 128 == corners[o][k], "orientation %d, corner %d: %d", o, k, image[at[k]]);
    }
}
END_TEST

START_TEST(exif_data_are_not_trusted)
{
    uint8_t exif[26];
    for (int o = 1; o <= 8; o++) {
        const size_t size = write_exif(o, exif);
        ck_assert_int_eq(bitmap_orientation(exif, size), o);
        for (size_t cut = 0; cut < 22; cut++) ck_assert_int_eq(bitmap_orientation(exif, cut), 1);
        for (size_t at = 0; at < size; at++)
            for (int value = 0; value < 256; value++) {
                uint8_t *copy = malloc(size); /* whose end a sanitizer knows */
                memcpy(copy, exif, size);
                copy[at] = (uint8_t)value;
                const int found = bitmap_orientation(copy, size);
                ck_assert(found >= 1 && found <= 8);
                free(copy);
            }
    }
}
END_TEST

/* The mean of each of the smaller image's pixels is that of what it covers, and nothing finer shines through. */
START_TEST(images_are_resized_without_aliasing)
{
    static uint8_t fine[64 * 64], small[16 * 16], large[64 * 64];
    failure why;
    for (int i = 0; i < 64 * 64; i++) fine[i] = (i % 64 + i / 64) % 2 ? 255 : 0;
    ck_assert_int_eq(resize_planes(fine, 64, 1, 16, small, &why), 0);
    for (int i = 0; i < 16 * 16; i++)
        ck_assert_msg(abs(small[i] - 127) <= 4, "pixel %d of a fine chequer is %d", i, small[i]);
    for (int i = 0; i < 64 * 64; i++) fine[i] = (uint8_t)(4 * (i % 64));
    ck_assert_int_eq(resize_planes(fine, 64, 1, 16, small, &why), 0);
    for (int i = 0; i < 16 * 16; i++) {
        const int x = i % 16; /* at the edges the slope ends */
        if (x > 1 && x < 14) ck_assert_msg(abs(small[i] - (16 * x + 6)) <= 1, "pixel %d of a slope is %d", i, small[i]);
    }
    ck_assert_int_eq(resize_planes(small, 16, 1, 64, large, &why), 0);
    for (int i = 0; i < 64 * 64; i++) {
        const int x = i % 64;
        if (x > 12 && x < 52) ck_assert_msg(abs(large[i] - 4 * x) <= 3, "pixel %d of a slope is %d", i, large[i]);
    }
    static uint8_t planes[3 * 9], one[3] = {7, 77, 177}, back[3];
    ck_assert_int_eq(resize_planes(one, 1, 3, 3, planes, &why), 0);
    for (int i = 0; i < 27; i++) ck_assert_int_eq(planes[i], one[i / 9]);
    ck_assert_int_eq(resize_planes(planes, 3, 3, 1, back, &why), 0);
    ck_assert_mem_eq(back, one, 3);
}
END_TEST

/* Reads a whole small file. */
static size_t read_whole(const char *path, uint8_t *bytes, size_t room)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    const size_t size = fread(bytes, 1, room, file);
    fclose(file);
    return size;
}

START_TEST(no_cut_goes_unnoticed)
{
    static uint8_t rows[64 * 64], whole[1 << 16];
    for (int i = 0; i < 64 * 64; i++) rows[i] = (uint8_t)(i * 37 % 251);
    for (int kind = 0; kind < 4; kind++) {
        const picture p = {64, 64, kind < 2 ? PNG_COLOR_TYPE_GRAY : 1, 8, kind % 2, 6, rows};
        const size_t size = read_whole(kind < 2 ? png_of(p) : jpeg_of(p), whole, sizeof whole);
        for (size_t cut = 0; cut < size; cut += cut < 200 || cut > size - 40 ? 1 : 97) {
            if (kind >= 2 && cut >= size - 2) break; /* all but the mark of the end is there */
            expect_failure(scratch_write("picture", whole, cut), "");
        }
    }
    expect_failure(scratch_write("picture", "", 0), "empty file");
    expect_failure(scratch_write("picture", "GIF89a and so on", 16), "neither PNG nor JPEG");
    expect_failure(scratch_path("missing"), "No such file");
    const char *folder = scratch_path("folder");
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    expect_failure(folder, "directory");
    rmdir(folder);
}
END_TEST

/* Nothing but the header says how large they are. */
START_TEST(huge_pictures_are_refused_before_memory_is_taken)
{
    static const uint8_t row[4];
    static uint8_t bytes[4096];
    size_t size = read_whole(png_of((picture){2, 2, PNG_COLOR_TYPE_GRAY, 8, 0, 0, row}), bytes, sizeof bytes);
    const uint8_t huge[] = {0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60};
    memcpy(bytes + 16, huge, 8);
    const uint32_t sum = (uint32_t)crc32(0, bytes + 12, 17);
    for (int i = 0; i < 4; i++) bytes[29 + i] = (uint8_t)(sum >> (24 - 8 * i));
    expect_failure(scratch_write("picture", bytes, size), "60000 x 60000 pixels; allowed are 1 to 100000000 in all");

    size = read_whole(jpeg_of((picture){2, 2, 1, 8, 0, 0, row}), bytes, sizeof bytes);
    size_t at = 0;
    while (at + 9 < size && !(bytes[at] == 0xff && bytes[at + 1] == 0xc0)) at++;
    memcpy(bytes + at + 5, (const uint8_t[]){0xea, 0x60, 0xea, 0x60}, 4);
    expect_failure(scratch_write("picture", bytes, size), "60000 x 60000 pixels; allowed are 1 to 100000000 in all");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        png_files_of_every_form_are_read,
        jpeg_files_of_every_form_are_read,
        ink_becomes_light,
        pictures_are_turned_upright_and_cut,
        exif_data_are_not_trusted,
        images_are_resized_without_aliasing,
        no_cut_goes_unnoticed,
        huge_pictures_are_refused_before_memory_is_taken,
    };
    return RUN_SUITE("image_file", tests);
}
