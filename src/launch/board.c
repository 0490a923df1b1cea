/* SPDX-License-Identifier: Apache-2.0 */
/* The shared board. */
#include "launch/board.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t board_bytes(int32_t local_rank_count)
{
    return sizeof(cx_board_t) + (size_t)local_rank_count * sizeof(cx_board_rank_t);
}

cx_status_t cx_board_join(int fd, int32_t local_rank_count, cx_board_t **out)
{
    size_t      bytes = board_bytes(local_rank_count);
    struct stat facts;
    void       *memory;

    if (fstat(fd, &facts) != 0 || (size_t)facts.st_size < bytes) {
        return CX_FAIL(CX_INVALID, "descriptor %d is no board of %d ranks", fd, local_rank_count);
    }
    memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        return CX_FAIL(CX_RESOURCE, "cannot map the board: %s", strerror(errno));
    }
    *out = memory;
    return CX_OK;
}

cx_status_t cx_board_open(int32_t local_rank_count, cx_board_t **out, int *fd_out)
{
    int         fd = memfd_create("collectivex-board", MFD_CLOEXEC);
    cx_status_t status;

    if (fd < 0 || ftruncate(fd, (off_t)board_bytes(local_rank_count)) != 0) {
        status = CX_FAIL(CX_RESOURCE, "cannot make the board: %s", strerror(errno));
        if (fd >= 0) {
            (void)close(fd);
        }
        return status;
    }
    status = cx_board_join(fd, local_rank_count, out);
    if (status != CX_OK) {
        (void)close(fd);
        return status;
    }
    *fd_out = fd;
    return CX_OK;
}

void cx_board_close(cx_board_t *board, int32_t local_rank_count)
{
    if (board) {
        (void)munmap(board, board_bytes(local_rank_count));
    }
}
