/* Makes a folder of pictures of many forms and sizes: make_pictures FOLDER COUNT. */
#include "write_pictures.h"

enum { ROOM = 4 * 100 * 100 };

int main(int argc, char **argv)
{
    static uint8_t rows[ROOM];
    if (argc != 3) return 2;
    uint32_t state = 1;
    for (int i = 0; i < atoi(argv[2]); i++) {
        char path[4096];
        const int is_png = i % 2 == 0;
        static const int types[] = {PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_RGB_ALPHA};
        const picture p = {.width = 20 + i * 7 % 50,
                           .height = 20 + i * 11 % 50,
                           .type = is_png       ? types[i / 2 % 3]
                                   : i % 3 == 0 ? 1
                                                : 3,
                           .depth = 8,
                           .special = i / 4 % 2,
                           .orientation = i % 9,
                           .rows = rows};
        for (int k = 0; k < ROOM; k++) {
            state = 1103515245 * state + 12345;
            rows[k] = (uint8_t)((uint32_t)(k / 64 % 2) * 100 + (state >> 16 & 63));
        }
        snprintf(path, sizeof path, "%s/%03d.%s", argv[1], i, is_png ? "png" : i % 4 == 1 ? "jpg" : "JPEG");
        if (is_png)
            write_png(path, &p);
        else
            write_jpeg(path, &p);
    }
    return 0;
}
