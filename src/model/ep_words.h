/* SPDX-License-Identifier: Apache-2.0 */
/* The words a request for expert parallelism is made of: how tokens choose experts, how they are
 * spread, what they carry, how often is measured. Not what the words mean in numbers (family/ep,
 * measure/pairs.h). */
#ifndef CX_MODEL_EP_WORDS_H
#define CX_MODEL_EP_WORDS_H

/* name, slug, what a token's experts are */
#define CX_EP_ROUTING_MAP(X)                                                            \
    X(UNIFORM, "uniform", "distinct experts, all equally likely")                       \
    X(BALANCED, "balanced", "equal load on every expert, as many ranks as possible")    \
    X(BALANCED_RANK_LOCAL, "balanced-rank-local", "equal load, neighbouring experts")   \
    X(ZIPF, "zipf", "distinct experts, popularity falling with the expert's number")    \
    X(HOTSPOT, "hotspot", "one expert in every token, the others uniform")              \
    X(HOTSPOT_MOVING, "hotspot-moving", "the same, the hot expert moves with the step") \
    X(ALTERNATING_GROUPS, "alternating-groups", "one half of the experts, in turn")     \
    X(TRACE, "trace", "as recorded in a file")

typedef enum cx_ep_routing {
#define CX_EP_ROUTING_ENUM(name, slug, text) CX_EP_ROUTING_##name,
    CX_EP_ROUTING_MAP(CX_EP_ROUTING_ENUM)
#undef CX_EP_ROUTING_ENUM
        CX_EP_ROUTING_COUNT
} cx_ep_routing_t;

/* name, slug, how many tokens each rank starts with */
#define CX_EP_UNEVEN_MAP(X)                                                                \
    X(NONE, "none", "all the same")                                                        \
    X(LINEAR, "linear", "from half of it on the first rank to one and a half on the last") \
    X(EMPTY_RANK, "empty-rank", "none on rank 0")

typedef enum cx_ep_uneven {
#define CX_EP_UNEVEN_ENUM(name, slug, text) CX_EP_UNEVEN_##name,
    CX_EP_UNEVEN_MAP(CX_EP_UNEVEN_ENUM)
#undef CX_EP_UNEVEN_ENUM
        CX_EP_UNEVEN_COUNT
} cx_ep_uneven_t;

/* name, slug; what the values are: family/ep/activation.h */
#define CX_EP_PROFILE_MAP(X)                    \
    X(LATTICE, "lattice")                       \
    X(NORMAL, "normal")                         \
    X(ZEROS, "zeros")                           \
    X(SMALL_AMPLITUDE, "small-amplitude")       \
    X(WIDE_DYNAMIC_RANGE, "wide-dynamic-range") \
    X(FP8_SATURATION, "fp8-saturation")

typedef enum cx_ep_profile {
#define CX_EP_PROFILE_ENUM(name, slug) CX_EP_PROFILE_##name,
    CX_EP_PROFILE_MAP(CX_EP_PROFILE_ENUM)
#undef CX_EP_PROFILE_ENUM
        CX_EP_PROFILE_COUNT
} cx_ep_profile_t;

/* name, slug, which place each rank takes */
#define CX_EP_PLACEMENT_MAP(X)                                                     \
    X(PACKED, "packed", "rank r takes place r")                                    \
    X(STRIPED, "striped", "ranks are dealt over the domains, one to each in turn") \
    X(ADVERSARIAL, "adversarial", "ranks that talk most are put into different domains")

typedef enum cx_ep_placement {
#define CX_EP_PLACEMENT_ENUM(name, slug, text) CX_EP_PLACEMENT_##name,
    CX_EP_PLACEMENT_MAP(CX_EP_PLACEMENT_ENUM)
#undef CX_EP_PLACEMENT_ENUM
        CX_EP_PLACEMENT_COUNT
} cx_ep_placement_t;

/* NULL-terminated. */
extern const char *const cx_codec_slugs[];
extern const char *const cx_ep_mode_slugs[];
extern const char *const cx_ep_routing_slugs[];
extern const char *const cx_ep_uneven_slugs[];
extern const char *const cx_ep_profile_slugs[];
extern const char *const cx_ep_placement_slugs[];

/* How rows that arrive in 8 bits or fewer are consumed. */
typedef enum cx_ep_consume {
    CX_EP_CONSUME_NATIVE,  /* experts read what arrived: staging is no part of a pair */
    CX_EP_CONSUME_DEQUANT, /* staging is part of every pair: a hatch to verify with */
    CX_EP_CONSUME_COUNT
} cx_ep_consume_t;

/* name, slug and the numbers of cx_pair_sampling_t (measure/pairs.h), in its order; `exact` is
 * upstream's: 2048 samples of a component, 448 of a chain */
#define CX_PAIR_SAMPLING_MAP(X)               \
    X(EXACT, "exact", 8, 256, 32, 128, 4, 16) \
    X(FAST, "fast", 4, 12, 2, 40, 2, 8)

typedef enum cx_pair_profile {
#define CX_PAIR_PROFILE_ENUM(name, slug, a, b, c, d, e, f) CX_PAIR_PROFILE_##name,
    CX_PAIR_SAMPLING_MAP(CX_PAIR_PROFILE_ENUM)
#undef CX_PAIR_PROFILE_ENUM
        CX_PAIR_PROFILE_COUNT
} cx_pair_profile_t;

#endif
