/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzzer's body over every file of a folder: so that what a fuzzer once found stays found
 * where there is no libFuzzer. Not a fuzzer. */
#include "base/file.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t byte_count);

static int replay(const char *folder, const char *name)
{
    char   path[PATH_MAX];
    char  *bytes, *exact;
    size_t byte_count;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    if (cx_file_read(path, (size_t)1 << 24, &bytes, &byte_count) != CX_OK) {
        fprintf(stderr, "%s\n", cx_detail()->text);
        return 1;
    }
    /* Without the NUL behind it, so that the sanitizer sees a byte too far. */
    exact = malloc(byte_count + (byte_count == 0));
    for (size_t i = 0; exact && i < byte_count; i++) {
        exact[i] = bytes[i];
    }
    free(bytes);
    (void)LLVMFuzzerTestOneInput((const unsigned char *)exact, byte_count);
    free(exact);
    return 0;
}

int main(int argument_count, char **arguments)
{
    DIR *dir          = argument_count == 2 ? opendir(arguments[1]) : NULL;
    int  input_count  = 0;
    int  failed_count = 0;

    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] != '.') {
            failed_count += replay(arguments[1], entry->d_name);
            input_count++;
        }
    }
    if (dir) {
        (void)closedir(dir);
    }
    printf("%d inputs, %d unreadable\n", input_count, failed_count);
    return input_count == 0 || failed_count > 0;
}
