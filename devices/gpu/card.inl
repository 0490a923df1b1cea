/* SPDX-License-Identifier: Apache-2.0 */
/* What a card is and how two are linked, without a context on either: what both vendors' libraries
 * say alike. The includer's vendor_card() and vendor_link() add what theirs say. */

static cx_status_t find_place(const cx_core_t *core, int32_t device_index, gpu_place_t *out)
{
    int32_t     device_count = 0;
    cx_status_t status       = device_probe(core, &device_count);

    memset(out, 0, sizeof *out);
    if (status == CX_OK) {
        status = check_share(core, device_index, device_count);
    }
    if (status != CX_OK) {
        return status;
    }
    GPU_TRY(core, "find the device", device_get, &out->handle, device_index);
    GPU_TRY(core, "read the device's address", device_bus, out->address, sizeof out->address,
            out->handle);
    for (char *at = out->address; *at; at++) {
        *at = (char)(*at >= 'A' && *at <= 'F' ? *at - 'A' + 'a' : *at);
    }
    return CX_OK;
}

/* The kernel's number; -1 where it knows none, as in most virtual machines. */
static int32_t numa_node_of(const char *address)
{
    char  path[128], text[16] = "";
    FILE *file;
    int   node = -1;

    (void)snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/numa_node", address);
    file = fopen(path, "re");
    if (file && fgets(text, sizeof text, file)) {
        node = (int)strtol(text, NULL, 10);
    }
    if (file) {
        (void)fclose(file);
    }
    return node;
}

static cx_status_t device_card(const cx_core_t *core, int32_t device_index, cx_card_t *out)
{
    cx_card_t   card  = {.numa_node_index = -1};
    size_t      bytes = 0;
    gpu_place_t place;
    cx_status_t status = find_place(core, device_index, &place);

    if (status != CX_OK) {
        return status;
    }
    GPU_TRY(core, "read the device's name", device_name, card.model, sizeof card.model,
            place.handle);
    if (gpu.device_memory && gpu.device_memory(&bytes, place.handle) == 0) {
        card.memory_bytes = (int64_t)bytes;
    }
    (void)snprintf(card.address, sizeof card.address, "%s", place.address);
    card.numa_node_index = numa_node_of(place.address);
    vendor_driver_text(NULL, card.driver, sizeof card.driver);
    vendor_card(&place, &card);
    *out = card;
    return CX_OK;
}

static cx_status_t device_link(const cx_core_t *core, int32_t from_index, int32_t to_index,
                               cx_link_t *out)
{
    cx_link_t   link = {.bytes_per_s = (double)NAN};
    gpu_place_t from, to;
    cx_status_t status = find_place(core, from_index, &from);

    if (status == CX_OK) {
        status = find_place(core, to_index, &to);
    }
    if (status != CX_OK) {
        return status;
    }
    if (from_index == to_index) {
        return CX_CORE_FAIL(core, CX_INVALID, "device %d is not linked to itself", from_index);
    }
    vendor_link(&from, &to, &link);
    *out = link;
    return CX_OK;
}
