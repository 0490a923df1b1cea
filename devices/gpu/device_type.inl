/* SPDX-License-Identifier: Apache-2.0 */
/* What an open device holds. Not what is done with it. */

#define GPU_PAGE_BYTES ((size_t)4096)

enum {
    GPU_KERNEL_SPIN,
    GPU_KERNEL_POISON,
    GPU_KERNEL_DIGEST,
    GPU_KERNEL_FLUSH,
    GPU_KERNEL_BARRIER,
    GPU_KERNEL_COPIES,
    GPU_KERNEL_PING_PONG,
    GPU_KERNEL_FILL,
    GPU_KERNEL_VERIFY,
};
#define GPU_KERNEL_COUNT 9

/* Host memory that the device writes to, one page of it. */
typedef struct gpu_mailbox {
    volatile uint64_t missing_rank; /* of a barrier that gave up: that rank plus 1; 0 none */
    uint64_t          digest_sum;
    volatile uint64_t is_flag_lost; /* round trips of a flag gave up */
} gpu_mailbox_t;

/* How memory came to be here, which is how it is shared and given back. */
typedef enum gpu_region_kind {
    GPU_REGION_PLAIN,
    GPU_REGION_MAPPED,  /* exportable, as a descriptor */
    GPU_REGION_HANDLE,  /* exportable, as a handle of 64 bytes */
    GPU_REGION_IMPORTED /* a peer's, by such a handle */
} gpu_region_kind_t;

typedef struct gpu_region {
    struct gpu_region *next; /* owned */
    gpu_region_kind_t  kind;
    void              *address;
    void              *base;         /* what the library gave; address is its first whole page */
    void              *handle;       /* of mapped memory */
    size_t             mapped_bytes; /* likewise */
} gpu_region_t;

struct cx_device {
    const cx_core_t *core;
    int              handle; /* the library's number of it */
    int32_t          index;  /* the core's number of it */
    void            *context;
    char             bus[32]; /* address on the PCI bus, for the management library */
    char             model[128];
    int32_t          multiprocessor_count;
    int64_t          last_cache_bytes;
    bool             can_map;             /* memory can be made without an address, and mapped */
    bool             can_map_for_network; /* also for a network card */
    int              handle_kinds; /* that such memory is made with, a descriptor among them */
    double           ticks_per_us; /* of the clock that kernels read */

    cx_stream_t   *stream; /* own: copies, zeroing, anchors */
    gpu_region_t  *regions;
    gpu_mailbox_t *mailbox;
    bool           is_capturing;
    cx_stream_t   *stuck_stream; /* its work may never end: nothing can be freed; NULL none */

    /* The device's clock beside the host's: this event happened at that time. */
    void   *anchor, *anchor_trial;
    int64_t anchor_ns, anchor_bound_ns;

    /* What a call without a status could not report; synchronize does. */
    int         late_code;
    const char *late_call;

    void  *module;
    void  *kernels[GPU_KERNEL_COUNT];
    char   no_kernels[256]; /* why there are none; empty when there are */
    void  *digest_sum;      /* 8 bytes on the device */
    void  *findings;        /* of verify, on the device; NULL until it is first called */
    void  *flush_memory;
    size_t flush_bytes;
};

/* Where a device is, for the vendor's management library. */
typedef struct gpu_place {
    int  handle;      /* the library's number of it */
    char address[32]; /* on the PCI bus, in lower case */
} gpu_place_t;

/* Add what only the vendor's own calls and its management library say. */
static void vendor_card(const gpu_place_t *place, cx_card_t *out);
static void vendor_link(const gpu_place_t *from, const gpu_place_t *to, cx_link_t *out);

/* The vendor's half, of which the first four return the vendor's code. */
static int  vendor_context_open(cx_device_t *device);
static int  vendor_context_bind(const cx_device_t *device);
static int  vendor_copy_async(void *to, const void *from, size_t bytes, cx_stream_t *stream);
static int  vendor_import(void **handle_out, int fd);
static void vendor_context_close(cx_device_t *device);
/* Of a cache behind the one whose size is an attribute; 0 none that is known. */
static int64_t vendor_far_cache_bytes(const cx_device_t *device);
static bool    vendor_maps_for_network(const cx_device_t *device);
static int     vendor_further_handles(const cx_device_t *device);
/* Ticks of the kernels' clock in a microsecond. */
static double vendor_ticks_per_us(const cx_device_t *device);

static bool has_attribute(const cx_device_t *device, int attribute)
{
    int value = 0;

    return gpu.device_attribute(&value, attribute, device->handle) == 0 && value != 0;
}

static void remember_failure(cx_device_t *device, int code, const char *call)
{
    if (code != 0 && device->late_code == 0) {
        device->late_code = code;
        device->late_call = call;
    }
}

static cx_status_t bind_thread(const cx_device_t *device)
{
    int code = vendor_context_bind(device);

    return code == 0 ? CX_OK
                     : fail_call(device->core, code, VENDOR_BIND_NAME,
                                 "make the device current on this thread");
}
