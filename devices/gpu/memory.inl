/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of the device: plain, exportable to another process, imported from one; and copies.
 * Not host memory, but for the sides of a copy.
 *
 * Exportable memory is mapped memory with a descriptor. Where driver or container does not allow
 * that, it is plain memory with a handle, which travels in a file without a name. */
#include <sys/mman.h>
#include <sys/stat.h>

/* A handle speaks for all that the driver cut from one piece, and pieces are that large; so memory
 * that is shared by handle has its piece to itself. source: NCCL 2.28, p2p.cc, CUDA_IPC_MIN */
#define GPU_HANDLE_GRANULE_BYTES ((size_t)2 << 20)

/* What such a file holds. */
typedef struct gpu_ticket {
    char             magic[16];
    uint64_t         offset_bytes; /* of the memory in what the handle stands for */
    gpu_ipc_handle_t handle;
} gpu_ticket_t;

static const char ticket_magic[16] = "cx-gpu-handle/1";

/* The call that ended an attempt; `code` is 0 where none did. */
typedef struct gpu_stop {
    int         code;
    const char *call;
} gpu_stop_t;

static gpu_allocation_kind_t exportable_kind(const cx_device_t *device)
{
    return (gpu_allocation_kind_t){
        .kind         = GPU_ALLOCATION_PINNED,
        .handle_kinds = device->handle_kinds,
        .location     = {.kind = GPU_LOCATION_DEVICE, .index = device->handle},
        .flags        = {[GPU_FLAG_NETWORK] = device->can_map_for_network}};
}

/* SIZE_MAX: there can be no such multiple. */
static size_t round_up(size_t bytes, size_t granule_bytes)
{
    return granule_bytes == 0 || bytes > SIZE_MAX - granule_bytes
               ? SIZE_MAX
               : (bytes + granule_bytes - 1) / granule_bytes * granule_bytes;
}

/* Mapped memory comes in multiples of what the device maps at once. */
static gpu_stop_t round_to_map(const cx_device_t *device, size_t bytes, size_t *out)
{
    gpu_allocation_kind_t kind          = exportable_kind(device);
    size_t                granule_bytes = 0;
    int code = gpu.vmm_granularity(&granule_bytes, &kind, GPU_GRANULARITY_MINIMUM);

    *out = round_up(bytes, granule_bytes);
    return code == 0 && *out == SIZE_MAX
               ? (gpu_stop_t){GPU_ERROR_MEMORY, vendor_names.vmm_granularity}
               : (gpu_stop_t){code, vendor_names.vmm_granularity};
}

/* Gives a handle an address that this device may read and write. */
static gpu_stop_t map_handle(const cx_device_t *device, void *handle, size_t mapped_bytes,
                             void **out)
{
    gpu_access_t access = {.location = {.kind = GPU_LOCATION_DEVICE, .index = device->handle},
                           .flags    = GPU_ACCESS_READ_WRITE};
    gpu_stop_t   stop   = {0, vendor_names.vmm_reserve};
    void        *address;

    stop.code = gpu.vmm_reserve(&address, mapped_bytes, 0, NULL, 0);
    if (stop.code != 0) {
        return stop;
    }
    stop = (gpu_stop_t){gpu.vmm_map(address, mapped_bytes, 0, handle, 0), vendor_names.vmm_map};
    if (stop.code == 0) {
        stop = (gpu_stop_t){gpu.vmm_access(address, mapped_bytes, &access, 1),
                            vendor_names.vmm_access};
        if (stop.code == 0) {
            *out = address;
            return stop;
        }
        (void)gpu.vmm_unmap(address, mapped_bytes);
    }
    (void)gpu.vmm_free(address, mapped_bytes);
    return stop;
}

/* Whether it may be exported is asked now, while there is another way to share it. */
static gpu_stop_t try_export(void *handle)
{
    int fd   = -1;
    int code = gpu.vmm_export(&fd, handle, GPU_HANDLE_DESCRIPTOR, 0);

    if (code == 0) {
        (void)close(fd);
    }
    return (gpu_stop_t){code, vendor_names.vmm_export};
}

/* That there is no descriptor to be had is one whatever the library calls it: HIP says invalid
 * value. */
static bool is_refusal(gpu_stop_t stop)
{
    return stop.code == GPU_ERROR_NOT_PERMITTED || stop.code == GPU_ERROR_NOT_SUPPORTED ||
           (stop.code != 0 && stop.call == vendor_names.vmm_export);
}

/* Further kinds of handles may be refused although the device has them. */
static gpu_stop_t create_mapped(cx_device_t *device, size_t bytes, void **out)
{
    gpu_allocation_kind_t kind = exportable_kind(device);
    gpu_stop_t            stop = {gpu.vmm_create(out, bytes, &kind, 0), vendor_names.vmm_create};

    if (is_refusal(stop) && device->handle_kinds != GPU_HANDLE_DESCRIPTOR) {
        device->handle_kinds = GPU_HANDLE_DESCRIPTOR;
        kind                 = exportable_kind(device);
        stop.code            = gpu.vmm_create(out, bytes, &kind, 0);
    }
    return stop;
}

/* Without asking, HIP answers a device that cannot with out of memory. */
static gpu_stop_t alloc_mapped(cx_device_t *device, size_t bytes, gpu_region_t *region)
{
    gpu_stop_t stop = {GPU_ERROR_NOT_SUPPORTED, vendor_names.vmm_create};

    if (device->can_map) {
        stop = round_to_map(device, bytes, &region->mapped_bytes);
    }
    if (stop.code != 0) {
        return stop;
    }
    stop = create_mapped(device, region->mapped_bytes, &region->handle);
    if (stop.code != 0) {
        return stop;
    }
    stop = try_export(region->handle);
    if (stop.code == 0) {
        stop = map_handle(device, region->handle, region->mapped_bytes, &region->base);
    }
    if (stop.code != 0) {
        (void)gpu.vmm_release(region->handle);
        return stop;
    }
    region->kind    = GPU_REGION_MAPPED;
    region->address = region->base;
    return stop;
}

static void *first_page(void *memory)
{
    return (void *)(((uintptr_t)memory + GPU_PAGE_BYTES - 1) / GPU_PAGE_BYTES * GPU_PAGE_BYTES);
}

static gpu_stop_t alloc_by_handle(size_t bytes, gpu_region_t *region)
{
    const size_t     whole_bytes = round_up(bytes, GPU_HANDLE_GRANULE_BYTES);
    gpu_stop_t       stop        = {GPU_ERROR_MEMORY, vendor_names.memory_alloc};
    gpu_ipc_handle_t handle;

    if (!gpu.ipc_get || !gpu.ipc_open || !gpu.ipc_close) {
        return (gpu_stop_t){GPU_ERROR_NOT_SUPPORTED, vendor_names.ipc_get};
    }
    if (whole_bytes < SIZE_MAX - GPU_PAGE_BYTES) {
        stop.code = gpu.memory_alloc(&region->base, whole_bytes + GPU_PAGE_BYTES);
    }
    if (stop.code != 0) {
        return stop;
    }
    stop = (gpu_stop_t){gpu.ipc_get(&handle, region->base), vendor_names.ipc_get};
    if (stop.code != 0) {
        (void)gpu.memory_free(region->base);
        return stop;
    }
    region->kind    = GPU_REGION_HANDLE;
    region->address = first_page(region->base);
    return stop;
}

static const char *call_name(const char *call)
{
    return call + (call[0] == '?');
}

static cx_status_t alloc_exportable(cx_device_t *device, size_t bytes, const char *attempt,
                                    gpu_region_t *region)
{
    const cx_core_t *core  = device->core;
    gpu_stop_t       first = alloc_mapped(device, bytes, region), second;

    if (!is_refusal(first)) {
        return first.code == 0 ? CX_OK : fail_call(core, first.code, first.call, attempt);
    }
    second = alloc_by_handle(bytes, region);
    if (second.code == 0) {
        return CX_OK;
    }
    if (second.code == GPU_ERROR_MEMORY) {
        return fail_call(core, second.code, second.call, attempt);
    }
    return CX_CORE_FAIL(core, CX_UNSUPPORTED,
                        "memory of device %d cannot be shared between processes, neither as a "
                        "descriptor (%s: error %d) nor as a handle (%s: error %d): " VENDOR_SHARING,
                        device->index, first.call, first.code, call_name(second.call), second.code);
}

static cx_status_t alloc_plain(const cx_device_t *device, size_t bytes, const char *attempt,
                               gpu_region_t *region)
{
    if (bytes > SIZE_MAX - GPU_PAGE_BYTES) {
        return CX_CORE_FAIL(device->core, CX_RESOURCE, "%zu bytes are more than there can be",
                            bytes);
    }
    GPU_TRY(device->core, attempt, memory_alloc, &region->base, bytes + GPU_PAGE_BYTES);
    region->address = first_page(region->base);
    return CX_OK;
}

/* Waiting for work that never ends would be another hang, so then it is left to the driver. */
static void drop_region(const cx_device_t *device, gpu_region_t *region)
{
    if (device->stuck_stream) {
        free(region);
        return;
    }
    switch (region->kind) {
    case GPU_REGION_MAPPED:
        (void)gpu.vmm_unmap(region->base, region->mapped_bytes);
        (void)gpu.vmm_free(region->base, region->mapped_bytes);
        (void)gpu.vmm_release(region->handle);
        break;
    case GPU_REGION_IMPORTED:
        (void)gpu.ipc_close(region->base);
        break;
    default:
        (void)gpu.memory_free(region->base);
        break;
    }
    free(region);
}

static gpu_region_t *new_region(const cx_device_t *device)
{
    gpu_region_t *region = calloc(1, sizeof *region);

    if (!region) {
        (void)CX_CORE_FAIL(device->core, CX_RESOURCE, "no memory to remember an allocation");
    }
    return region;
}

static void keep_region(cx_device_t *device, gpu_region_t *region)
{
    region->next    = device->regions;
    device->regions = region;
}

static cx_status_t zero_memory(cx_device_t *device, void *memory, size_t bytes)
{
    GPU_TRY(device->core, "zero memory", memset_async, memory, 0, bytes, device->stream);
    return stream_synchronize(device, device->stream, device->core->deadline_ns(device->core));
}

static cx_status_t memory_alloc(cx_device_t *device, size_t bytes, cx_memory_t memory, void **out)
{
    bool          is_exportable = memory == CX_MEMORY_EXPORTABLE;
    size_t        free_bytes = 0, total_bytes = 0;
    char          attempt[160];
    gpu_region_t *region;
    cx_status_t   status;

    if (bytes == 0) {
        return CX_CORE_FAIL(device->core, CX_INVALID, "an allocation of 0 bytes has no use");
    }
    status = bind_thread(device);
    if (status != CX_OK) {
        return status;
    }
    region = new_region(device);
    if (!region) {
        return CX_RESOURCE;
    }
    (void)gpu.memory_info(&free_bytes, &total_bytes);
    (void)snprintf(attempt, sizeof attempt,
                   "allocate %zu bytes%s on device %d, which has %zu of %zu bytes free", bytes,
                   is_exportable ? " of exportable memory" : "", device->index, free_bytes,
                   total_bytes);
    status = is_exportable ? alloc_exportable(device, bytes, attempt, region)
                           : alloc_plain(device, bytes, attempt, region);
    if (status != CX_OK) {
        free(region);
        return status;
    }
    status = zero_memory(device, region->address, bytes);
    if (status != CX_OK) {
        drop_region(device, region);
        return status;
    }
    keep_region(device, region);
    *out = region->address;
    return CX_OK;
}

/* The link that holds the region of `memory`; the one that holds NULL when there is none. */
static gpu_region_t **find_region(cx_device_t *device, const void *memory)
{
    gpu_region_t **link = &device->regions;

    while (*link && (*link)->address != memory) {
        link = &(*link)->next;
    }
    return link;
}

static void memory_free(cx_device_t *device, void *memory)
{
    gpu_region_t **link   = find_region(device, memory);
    gpu_region_t  *region = *link;

    if (region) {
        (void)vendor_context_bind(device);
        *link = region->next;
        drop_region(device, region);
    }
}

/* ---- to and from other processes ------------------------------------------------------------ */

static cx_status_t export_handle(const cx_device_t *device, const gpu_region_t *region, int *fd_out)
{
    gpu_ticket_t ticket = {.offset_bytes =
                               (uint64_t)((char *)region->address - (char *)region->base)};
    int          fd;

    memcpy(ticket.magic, ticket_magic, sizeof ticket.magic);
    GPU_TRY(device->core, "export memory as a handle", ipc_get, &ticket.handle, region->base);
    fd = memfd_create("collectivex-handle", MFD_CLOEXEC);
    if (fd < 0 || write(fd, &ticket, sizeof ticket) != (ssize_t)sizeof ticket) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return CX_CORE_FAIL(device->core, CX_RESOURCE, "no file for the handle of memory");
    }
    *fd_out = fd;
    return CX_OK;
}

static cx_status_t export_mapped(const cx_device_t *device, const gpu_region_t *region, int *fd_out)
{
    int fd = -1;

    GPU_TRY(device->core, "export memory as a descriptor", vmm_export, &fd, region->handle,
            GPU_HANDLE_DESCRIPTOR, 0);
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    *fd_out = fd;
    return CX_OK;
}

static cx_status_t memory_export_fd(cx_device_t *device, void *memory, int *fd_out)
{
    const gpu_region_t *region = *find_region(device, memory);
    cx_status_t         status = bind_thread(device);

    if (status != CX_OK) {
        return status;
    }
    switch (region ? region->kind : GPU_REGION_PLAIN) {
    case GPU_REGION_MAPPED:
        return export_mapped(device, region, fd_out);
    case GPU_REGION_HANDLE:
        return export_handle(device, region, fd_out);
    default:
        return CX_CORE_FAIL(device->core, CX_INVALID,
                            "only the start of exportable memory can be exported");
    }
}

/* A driver's descriptor is no regular file, so reading is for files alone. */
static bool read_ticket(int fd, gpu_ticket_t *out)
{
    struct stat facts;

    return fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) &&
           pread(fd, out, sizeof *out, 0) == (ssize_t)sizeof *out &&
           memcmp(out->magic, ticket_magic, sizeof ticket_magic) == 0;
}

static cx_status_t import_handle(cx_device_t *device, const gpu_ticket_t *ticket, void **out)
{
    gpu_region_t *region;
    int           code = GPU_ERROR_NOT_SUPPORTED;

    region = new_region(device);
    if (!region) {
        return CX_RESOURCE;
    }
    if (gpu.ipc_open && gpu.ipc_close) {
        code = gpu.ipc_open(&region->base, ticket->handle, GPU_IPC_PEER_ACCESS);
    }
    if (code != 0) {
        free(region);
        return CX_CORE_FAIL(device->core, status_of(code),
                            "cannot open the handle of a peer's memory on device %d: %s: %s (error "
                            "%d): is there peer access between the two? " VENDOR_SHARING,
                            device->index, call_name(vendor_names.ipc_open),
                            vendor_error_text(code), code);
    }
    region->kind    = GPU_REGION_IMPORTED;
    region->address = (char *)region->base + ticket->offset_bytes;
    keep_region(device, region);
    *out = region->address;
    return CX_OK;
}

static cx_status_t import_mapped(const cx_device_t *device, int fd, size_t bytes, void **out)
{
    char       attempt[200];
    size_t     mapped_bytes = 0;
    void      *handle       = NULL;
    gpu_stop_t stop         = round_to_map(device, bytes, &mapped_bytes);
    int        code;

    if (stop.code != 0) {
        return fail_call(device->core, stop.code, stop.call, "size a peer's memory");
    }
    (void)snprintf(attempt, sizeof attempt, "import descriptor %d of a peer's memory", fd);
    code = vendor_import(&handle, fd);
    if (code != 0) {
        return fail_call(device->core, code, vendor_names.vmm_import, attempt);
    }
    (void)snprintf(attempt, sizeof attempt,
                   "map %zu bytes of a peer's memory on device %d (if it lies on another device, "
                   "is there peer access between the two?)",
                   mapped_bytes, device->index);
    stop = map_handle(device, handle, mapped_bytes, out);
    (void)gpu.vmm_release(handle); /* the mapping keeps the memory */
    return stop.code == 0 ? CX_OK : fail_call(device->core, stop.code, stop.call, attempt);
}

static cx_status_t memory_import_fd(cx_device_t *device, int fd, size_t bytes, void **out)
{
    cx_status_t  status = bind_thread(device);
    gpu_ticket_t ticket;

    if (status != CX_OK) {
        return status;
    }
    if (bytes == 0) {
        return CX_CORE_FAIL(device->core, CX_INVALID, "an import of 0 bytes has no use");
    }
    return read_ticket(fd, &ticket) ? import_handle(device, &ticket, out)
                                    : import_mapped(device, fd, bytes, out);
}

/* One handle that is opened twice has one address, and one region for each time. */
static void memory_unimport(cx_device_t *device, void *memory, size_t bytes)
{
    size_t mapped_bytes;

    if (*find_region(device, memory)) {
        memory_free(device, memory);
        return;
    }
    if (device->stuck_stream || vendor_context_bind(device) != 0 ||
        round_to_map(device, bytes, &mapped_bytes).code != 0) {
        return;
    }
    (void)gpu.vmm_unmap(memory, mapped_bytes);
    (void)gpu.vmm_free(memory, mapped_bytes);
}

static cx_status_t memory_copy(cx_device_t *device, void *to, const void *from, size_t bytes)
{
    char        attempt[64];
    cx_status_t status = bind_thread(device);
    int         code;

    if (status != CX_OK || bytes == 0) {
        return status;
    }
    (void)snprintf(attempt, sizeof attempt, "copy %zu bytes", bytes);
    code = vendor_copy_async(to, from, bytes, device->stream);
    if (code != 0) {
        return fail_call(device->core, code, VENDOR_COPY_NAME, attempt);
    }
    return stream_synchronize(device, device->stream, device->core->deadline_ns(device->core));
}
