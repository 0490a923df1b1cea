/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes captures of nccl-tests and rccl-tests, up to valid records. */
#include "store/import_nccltests.h"

#include "import_records.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t byte_count);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t byte_count)
{
    cx_import_t import;

    cx_detail_clear();
    if (cx_import_nccltests("all_reduce_perf.txt", (const char *)bytes, byte_count, &import) ==
        CX_OK) {
        cx_import_fini(&import);
        import_records((const char *)bytes, byte_count);
    }
    return 0;
}
