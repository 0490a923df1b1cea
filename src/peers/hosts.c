/* SPDX-License-Identifier: Apache-2.0 */
/* A host's identity is a hash of boot id, network namespace and name. */
#include "peers/hosts.h"

#include "base/fail.h"
#include "base/file.h"
#include "peers/token.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"
#define NETWORK_PATH "/proc/self/ns/net"

cx_status_t cx_host_identify(uint64_t *out)
{
    char        name[256] = "", text[512];
    char       *boot_id;
    size_t      byte_count;
    struct stat network;

    CX_TRY(cx_file_read(BOOT_ID_PATH, sizeof text / 2, &boot_id, &byte_count));
    if (stat(NETWORK_PATH, &network) != 0) {
        free(boot_id);
        return CX_FAIL(CX_UNSUPPORTED, "cannot tell hosts apart: %s: %s", NETWORK_PATH,
                       strerror(errno));
    }
    (void)gethostname(name, sizeof name - 1);
    (void)snprintf(text, sizeof text, "%s|%" PRIu64 "|%s", boot_id, (uint64_t)network.st_ino, name);
    free(boot_id);
    *out = cx_token_of(text);
    return CX_OK;
}

void cx_host_number(const uint64_t *identities, int32_t rank_count, int32_t *indices)
{
    int32_t host_count = 0;

    for (int32_t rank = 0; rank < rank_count; rank++) {
        int32_t first = 0;

        while (identities[first] != identities[rank]) {
            first++;
        }
        indices[rank] = first < rank ? indices[first] : host_count++;
    }
}
