/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of the device: plain, exportable to another process, imported from one; and copies.
 * Not host memory, but for the sides of a copy. */

static gpu_allocation_kind_t exportable_kind(const cx_device_t *device)
{
    return (gpu_allocation_kind_t){
        .kind         = GPU_ALLOCATION_PINNED,
        .handle_kinds = GPU_HANDLE_DESCRIPTOR,
        .location     = {.kind = GPU_LOCATION_DEVICE, .index = device->handle}};
}

/* Exportable memory comes in multiples of what the device maps at once. */
static cx_status_t mapped_bytes_of(const cx_device_t *device, size_t bytes, size_t *out)
{
    gpu_allocation_kind_t kind          = exportable_kind(device);
    size_t                granule_bytes = 0;

    GPU_TRY(device->core, "ask for the granularity of exportable memory", vmm_granularity,
            &granule_bytes, &kind, GPU_GRANULARITY_MINIMUM);
    if (granule_bytes == 0 || bytes > SIZE_MAX - granule_bytes) {
        return CX_CORE_FAIL(device->core, CX_RESOURCE, "%zu bytes cannot be mapped", bytes);
    }
    *out = (bytes + granule_bytes - 1) / granule_bytes * granule_bytes;
    return CX_OK;
}

/* Gives a handle an address that this device may read and write. */
static cx_status_t map_handle(const cx_device_t *device, void *handle, size_t mapped_bytes,
                              const char *attempt, void **out)
{
    gpu_access_t access = {.location = {.kind = GPU_LOCATION_DEVICE, .index = device->handle},
                           .flags    = GPU_ACCESS_READ_WRITE};
    const char  *call   = vendor_names.vmm_map;
    void        *address;
    int          code;

    GPU_TRY(device->core, attempt, vmm_reserve, &address, mapped_bytes, 0, NULL, 0);
    code = gpu.vmm_map(address, mapped_bytes, 0, handle, 0);
    if (code == 0) {
        call = vendor_names.vmm_access;
        code = gpu.vmm_access(address, mapped_bytes, &access, 1);
        if (code == 0) {
            *out = address;
            return CX_OK;
        }
        (void)gpu.vmm_unmap(address, mapped_bytes);
    }
    (void)gpu.vmm_free(address, mapped_bytes);
    return fail_call(device->core, code, call, attempt);
}

static cx_status_t alloc_exportable(const cx_device_t *device, size_t bytes, const char *attempt,
                                    gpu_region_t *region)
{
    gpu_allocation_kind_t kind   = exportable_kind(device);
    cx_status_t           status = mapped_bytes_of(device, bytes, &region->mapped_bytes);

    if (status != CX_OK) {
        return status;
    }
    GPU_TRY(device->core, attempt, vmm_create, &region->handle, region->mapped_bytes, &kind, 0);
    status = map_handle(device, region->handle, region->mapped_bytes, attempt, &region->base);
    if (status != CX_OK) {
        (void)gpu.vmm_release(region->handle);
        return status;
    }
    region->address = region->base;
    return CX_OK;
}

static cx_status_t alloc_plain(const cx_device_t *device, size_t bytes, const char *attempt,
                               gpu_region_t *region)
{
    if (bytes > SIZE_MAX - GPU_PAGE_BYTES) {
        return CX_CORE_FAIL(device->core, CX_RESOURCE, "%zu bytes are more than there can be",
                            bytes);
    }
    GPU_TRY(device->core, attempt, memory_alloc, &region->base, bytes + GPU_PAGE_BYTES);
    region->address =
        (void *)(((uintptr_t)region->base + GPU_PAGE_BYTES - 1) / GPU_PAGE_BYTES * GPU_PAGE_BYTES);
    return CX_OK;
}

/* Waiting for work that never ends would be another hang, so then it is left to the driver. */
static void drop_region(const cx_device_t *device, gpu_region_t *region)
{
    if (device->stuck_stream) {
        free(region);
        return;
    }
    if (region->mapped_bytes > 0) {
        (void)gpu.vmm_unmap(region->base, region->mapped_bytes);
        (void)gpu.vmm_free(region->base, region->mapped_bytes);
        (void)gpu.vmm_release(region->handle);
    } else {
        (void)gpu.memory_free(region->base);
    }
    free(region);
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
    region = calloc(1, sizeof *region);
    if (!region) {
        return CX_CORE_FAIL(device->core, CX_RESOURCE, "no memory to remember an allocation");
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
    region->next    = device->regions;
    device->regions = region;
    *out            = region->address;
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

static cx_status_t memory_export_fd(cx_device_t *device, void *memory, int *fd_out)
{
    const gpu_region_t *region = *find_region(device, memory);
    cx_status_t         status = bind_thread(device);
    int                 fd     = -1;

    if (status != CX_OK) {
        return status;
    }
    if (!region || region->mapped_bytes == 0) {
        return CX_CORE_FAIL(device->core, CX_INVALID,
                            "only the start of exportable memory can be exported");
    }
    GPU_TRY(device->core, "export memory as a descriptor", vmm_export, &fd, region->handle,
            GPU_HANDLE_DESCRIPTOR, 0);
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    *fd_out = fd;
    return CX_OK;
}

static cx_status_t memory_import_fd(cx_device_t *device, int fd, size_t bytes, void **out)
{
    char        attempt[160];
    size_t      mapped_bytes = 0;
    void       *handle       = NULL;
    cx_status_t status       = bind_thread(device);
    int         code;

    if (status == CX_OK) {
        status = mapped_bytes_of(device, bytes, &mapped_bytes);
    }
    if (status != CX_OK) {
        return status;
    }
    if (bytes == 0) {
        return CX_CORE_FAIL(device->core, CX_INVALID, "an import of 0 bytes has no use");
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
    status = map_handle(device, handle, mapped_bytes, attempt, out);
    (void)gpu.vmm_release(handle); /* the mapping keeps the memory */
    return status;
}

static void memory_unimport(cx_device_t *device, void *memory, size_t bytes)
{
    size_t mapped_bytes;

    if (device->stuck_stream || vendor_context_bind(device) != 0 ||
        mapped_bytes_of(device, bytes, &mapped_bytes) != CX_OK) {
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
