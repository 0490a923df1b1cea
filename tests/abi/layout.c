/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of ABI 1 on a 64-bit machine, number by number: where a plugin that was built long ago
 * reads and writes. Compiled against the frozen headers and against today's; a struct that has
 * grown at its end has another size there, which is allowed, so SIZE is only asked of the frozen
 * ones. Not a description: that is in the headers. */
#include "collectivex/collectivex.h"

#include <stddef.h>

#define AT(type, member, bytes) \
    _Static_assert(offsetof(type, member) == (bytes), #member " of " #type " has moved")
#ifdef CX_IS_FROZEN
#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " has another size")
#else
#define SIZE(type, bytes) _Static_assert(sizeof(type) >= (bytes), #type " has become smaller")
#endif
/* Of these there are arrays, so they cannot even grow. */
#define STRIDE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " has another size")
/* Numbers that travel between program and plugin. */
#define IS(constant, value) _Static_assert((constant) == (value), #constant " has another value")

STRIDE(cx_option_t, 72);
AT(cx_option_t, name, 0);
AT(cx_option_t, kind, 8);
AT(cx_option_t, role, 12);
AT(cx_option_t, is_axis, 16);
AT(cx_option_t, offset, 24);
AT(cx_option_t, default_text, 32);
AT(cx_option_t, min, 40);
AT(cx_option_t, max, 48);
AT(cx_option_t, choices, 56);
AT(cx_option_t, help, 64);

SIZE(cx_shape_t, 96);
AT(cx_shape_t, family, 0);
AT(cx_shape_t, op, 4);
AT(cx_shape_t, dtype, 8);
AT(cx_shape_t, redop, 12);
AT(cx_shape_t, root_rank, 16);
AT(cx_shape_t, is_in_place, 20);
AT(cx_shape_t, ep, 24);
AT(cx_shape_t, algorithm, 80);
AT(cx_shape_t, limit, 84);
AT(cx_shape_t, block_count, 88);

STRIDE(cx_slot_t, 32);
AT(cx_slot_t, send, 0);
AT(cx_slot_t, recv, 8);
AT(cx_slot_t, send_offset, 16);
AT(cx_slot_t, recv_offset, 24);

SIZE(cx_point_t, 72);
AT(cx_point_t, elems, 0);
AT(cx_point_t, message_bytes, 8);
AT(cx_point_t, slot_count, 16);
AT(cx_point_t, slots, 24);
AT(cx_point_t, region, 32);
AT(cx_point_t, region_bytes, 40);
AT(cx_point_t, memory, 48);
AT(cx_point_t, counts, 56);
AT(cx_point_t, ep_slots, 64);

SIZE(cx_core_t, 96);
AT(cx_core_t, struct_size, 0);
AT(cx_core_t, rank, 4);
AT(cx_core_t, rank_count, 8);
AT(cx_core_t, local_rank_count, 12);
AT(cx_core_t, is_oversubscribed, 16);
AT(cx_core_t, device_ops, 24);
AT(cx_core_t, device, 32);
AT(cx_core_t, peers_ops, 40);
AT(cx_core_t, peers, 48);
AT(cx_core_t, fail, 56);
AT(cx_core_t, log, 64);
AT(cx_core_t, is_over, 72);
AT(cx_core_t, deadline_ns, 80);
AT(cx_core_t, codecs, 88);

SIZE(cx_peers_ops_t, 64);
AT(cx_peers_ops_t, name, 0);
AT(cx_peers_ops_t, rank, 8);
AT(cx_peers_ops_t, rank_count, 16);
AT(cx_peers_ops_t, host_index, 24);
AT(cx_peers_ops_t, barrier, 32);
AT(cx_peers_ops_t, allgather, 40);
AT(cx_peers_ops_t, broadcast, 48);
AT(cx_peers_ops_t, exchange_fd, 56);

SIZE(cx_device_facts_t, 232);
AT(cx_device_facts_t, model, 0);
AT(cx_device_facts_t, driver, 128);
AT(cx_device_facts_t, memory_bytes, 192);
AT(cx_device_facts_t, last_cache_bytes, 200);
AT(cx_device_facts_t, is_host_ordered, 208);
AT(cx_device_facts_t, is_virtual_time, 209);
AT(cx_device_facts_t, stamp_bound_us, 216);
AT(cx_device_facts_t, stamp_interval_us, 224);

SIZE(cx_device_telemetry_t, 144);
AT(cx_device_telemetry_t, core_clock_mhz, 0);
AT(cx_device_telemetry_t, memory_clock_mhz, 8);
AT(cx_device_telemetry_t, power_w, 16);
AT(cx_device_telemetry_t, temperature_c, 24);
AT(cx_device_telemetry_t, ecc_error_count, 32);
AT(cx_device_telemetry_t, is_throttle_known, 40);
AT(cx_device_telemetry_t, throttle_reasons, 41);

SIZE(cx_device_ops_t, 312);
AT(cx_device_ops_t, abi, 0);
AT(cx_device_ops_t, struct_size, 4);
AT(cx_device_ops_t, name, 8);
AT(cx_device_ops_t, summary, 16);
AT(cx_device_ops_t, probe, 24);
AT(cx_device_ops_t, open, 32);
AT(cx_device_ops_t, close, 40);
AT(cx_device_ops_t, facts, 48);
AT(cx_device_ops_t, alloc, 56);
AT(cx_device_ops_t, free, 64);
AT(cx_device_ops_t, export_fd, 72);
AT(cx_device_ops_t, import_fd, 80);
AT(cx_device_ops_t, unimport, 88);
AT(cx_device_ops_t, copy, 96);
AT(cx_device_ops_t, stream_open, 104);
AT(cx_device_ops_t, stream_close, 112);
AT(cx_device_ops_t, synchronize, 120);
AT(cx_device_ops_t, events_open, 128);
AT(cx_device_ops_t, events_close, 136);
AT(cx_device_ops_t, mark, 144);
AT(cx_device_ops_t, elapsed_us, 152);
AT(cx_device_ops_t, event_ns, 160);
AT(cx_device_ops_t, now_ns, 168);
AT(cx_device_ops_t, spin, 176);
AT(cx_device_ops_t, graph_begin, 184);
AT(cx_device_ops_t, graph_end, 192);
AT(cx_device_ops_t, graph_launch, 200);
AT(cx_device_ops_t, graph_free, 208);
AT(cx_device_ops_t, poison, 216);
AT(cx_device_ops_t, digest, 224);
AT(cx_device_ops_t, flush, 232);
AT(cx_device_ops_t, barrier, 240);
AT(cx_device_ops_t, telemetry, 248);
AT(cx_device_ops_t, fill, 256);
AT(cx_device_ops_t, verify, 264);
AT(cx_device_ops_t, copy_enqueue, 272);
AT(cx_device_ops_t, ping_pong, 280);
AT(cx_device_ops_t, card, 288);
AT(cx_device_ops_t, link, 296);
AT(cx_device_ops_t, copy_together, 304);

STRIDE(cx_device_barrier_t, 24);
AT(cx_device_barrier_t, flags, 0);
AT(cx_device_barrier_t, rank, 8);
AT(cx_device_barrier_t, rank_count, 12);
AT(cx_device_barrier_t, timeout_us, 16);

STRIDE(cx_device_copy_t, 24);
AT(cx_device_copy_t, to, 0);
AT(cx_device_copy_t, from, 8);
AT(cx_device_copy_t, bytes, 16);

SIZE(cx_device_ping_pong_t, 40);
AT(cx_device_ping_pong_t, own_flag, 0);
AT(cx_device_ping_pong_t, peer_flag, 8);
AT(cx_device_ping_pong_t, begins, 16);
AT(cx_device_ping_pong_t, round_count, 24);
AT(cx_device_ping_pong_t, timeout_us, 32);

STRIDE(cx_recipe_t, 64);
AT(cx_recipe_t, kind, 0);
AT(cx_recipe_t, dtype, 4);
AT(cx_recipe_t, redop, 8);
AT(cx_recipe_t, rank_count, 12);
AT(cx_recipe_t, elem_bits, 16);
AT(cx_recipe_t, exponent_bits, 20);
AT(cx_recipe_t, field_bits, 24);
AT(cx_recipe_t, is_power, 28);
AT(cx_recipe_t, turn_mask, 32);
AT(cx_recipe_t, sign_mask, 40);
AT(cx_recipe_t, unit, 48);
AT(cx_recipe_t, scale, 56);

STRIDE(cx_content_t, 96);
AT(cx_content_t, key, 0);
AT(cx_content_t, set_mask, 8);
AT(cx_content_t, first_byte, 16);
AT(cx_content_t, rank, 24);
AT(cx_content_t, recipe, 32);

STRIDE(cx_span_t, 112);
AT(cx_span_t, content, 0);
AT(cx_span_t, memory, 96);
AT(cx_span_t, byte_count, 104);

STRIDE(cx_difference_t, 16);
AT(cx_difference_t, wrong_count, 0);
AT(cx_difference_t, first_wrong, 8);

SIZE(cx_card_t, 448);
AT(cx_card_t, model, 0);
AT(cx_card_t, uuid, 128);
AT(cx_card_t, address, 224);
AT(cx_card_t, architecture, 256);
AT(cx_card_t, driver, 288);
AT(cx_card_t, partition, 384);
AT(cx_card_t, is_slice, 416);
AT(cx_card_t, memory_bytes, 424);
AT(cx_card_t, numa_node_index, 432);
AT(cx_card_t, has_ecc, 436);
AT(cx_card_t, is_persistent, 440);

SIZE(cx_link_t, 160);
AT(cx_link_t, kind, 0);
AT(cx_link_t, path, 16);
AT(cx_link_t, lane_count, 24);
AT(cx_link_t, bytes_per_s, 32);
AT(cx_link_t, read, 40);
AT(cx_link_t, write, 80);
AT(cx_link_t, atomics, 120);

SIZE(cx_caps_t, 608);
AT(cx_caps_t, library_version, 0);
AT(cx_caps_t, library_path, 128);
AT(cx_caps_t, families, 384);
AT(cx_caps_t, collectives, 392);
AT(cx_caps_t, in_place_collectives, 400);
AT(cx_caps_t, dtypes, 408);
AT(cx_caps_t, reduce_dtypes, 416);
AT(cx_caps_t, redops, 424);
AT(cx_caps_t, memory, 432);
AT(cx_caps_t, rank_count_min, 436);
AT(cx_caps_t, rank_count_max, 440);
AT(cx_caps_t, message_bytes_max, 448);
AT(cx_caps_t, spans_hosts, 456);
AT(cx_caps_t, is_thread_bound, 457);
AT(cx_caps_t, moves_no_data, 458);
AT(cx_caps_t, devices, 464);
AT(cx_caps_t, ep, 472);
AT(cx_caps_t, can_capture, 584);
AT(cx_caps_t, algorithms, 592);
AT(cx_caps_t, limits, 600);

SIZE(cx_backend_ops_t, 104);
AT(cx_backend_ops_t, abi, 0);
AT(cx_backend_ops_t, struct_size, 4);
AT(cx_backend_ops_t, name, 8);
AT(cx_backend_ops_t, summary, 16);
AT(cx_backend_ops_t, options, 24);
AT(cx_backend_ops_t, options_bytes, 32);
AT(cx_backend_ops_t, probe, 40);
AT(cx_backend_ops_t, open, 48);
AT(cx_backend_ops_t, prepare, 56);
AT(cx_backend_ops_t, enqueue, 64);
AT(cx_backend_ops_t, wait, 72);
AT(cx_backend_ops_t, release, 80);
AT(cx_backend_ops_t, close, 88);
AT(cx_backend_ops_t, inspect, 96);

IS(CX_BACKEND_ABI, 1);
IS(CX_DEVICE_ABI, 1);

IS(CX_OK, 0);
IS(CX_UNSUPPORTED, 1);
IS(CX_INVALID, 2);
IS(CX_INCORRECT, 3);
IS(CX_UNSTABLE, 4);
IS(CX_TIMEOUT, 5);
IS(CX_PEER, 6);
IS(CX_BACKEND, 7);
IS(CX_DEVICE, 8);
IS(CX_RESOURCE, 9);
IS(CX_INTERNAL, 10);

IS(CX_DTYPE_INT8, 0);
IS(CX_DTYPE_UINT8, 1);
IS(CX_DTYPE_INT16, 2);
IS(CX_DTYPE_UINT16, 3);
IS(CX_DTYPE_INT32, 4);
IS(CX_DTYPE_UINT32, 5);
IS(CX_DTYPE_INT64, 6);
IS(CX_DTYPE_UINT64, 7);
IS(CX_DTYPE_FP16, 8);
IS(CX_DTYPE_BF16, 9);
IS(CX_DTYPE_FP32, 10);
IS(CX_DTYPE_FP64, 11);

IS(CX_REDOP_NONE, 0);
IS(CX_REDOP_SUM, 1);
IS(CX_REDOP_PROD, 2);
IS(CX_REDOP_MIN, 3);
IS(CX_REDOP_MAX, 4);
IS(CX_REDOP_AVG, 5);

SIZE(cx_ep_problem_t, 56);
AT(cx_ep_problem_t, dispatch_codec, 4);
AT(cx_ep_problem_t, combine_codec, 8);
AT(cx_ep_problem_t, hidden_elems, 16);
AT(cx_ep_problem_t, topk, 24);
AT(cx_ep_problem_t, expert_count, 32);
AT(cx_ep_problem_t, token_count_max, 40);
AT(cx_ep_problem_t, domain_rank_count, 48);

STRIDE(cx_ep_slot_t, 80);
AT(cx_ep_slot_t, token_counts, 0);
AT(cx_ep_slot_t, x, 8);
AT(cx_ep_slot_t, experts, 16);
AT(cx_ep_slot_t, gates, 24);
AT(cx_ep_slot_t, combined, 32);
AT(cx_ep_slot_t, tensor_scale, 40);
AT(cx_ep_slot_t, x_offset, 48);
AT(cx_ep_slot_t, experts_offset, 56);
AT(cx_ep_slot_t, gates_offset, 64);
AT(cx_ep_slot_t, combined_offset, 72);

SIZE(cx_ep_view_t, 104);
AT(cx_ep_view_t, row_count, 8);
AT(cx_ep_view_t, expert_row_capacity, 16);
AT(cx_ep_view_t, payload, 24);
AT(cx_ep_view_t, scales, 32);
AT(cx_ep_view_t, staged, 40);
AT(cx_ep_view_t, payload_stride_bytes, 48);
AT(cx_ep_view_t, scale_stride_bytes, 56);
AT(cx_ep_view_t, staged_stride_bytes, 64);
AT(cx_ep_view_t, row_experts, 72);
AT(cx_ep_view_t, row_gates, 80);
AT(cx_ep_view_t, expert_row_counts, 88);
AT(cx_ep_view_t, wire_bytes, 96);

STRIDE(cx_ep_caps_t, 56);
AT(cx_ep_caps_t, dispatch_codecs, 8);
AT(cx_ep_caps_t, combine_codecs, 16);
AT(cx_ep_caps_t, layout, 24);
AT(cx_ep_caps_t, weighting, 28);
AT(cx_ep_caps_t, reduction, 32);
AT(cx_ep_caps_t, is_bitwise, 36);
AT(cx_ep_caps_t, needs_fresh_pair, 37);
AT(cx_ep_caps_t, is_pair_only, 38);
AT(cx_ep_caps_t, keeps_receives, 39);
AT(cx_ep_caps_t, token_count_max, 40);
AT(cx_ep_caps_t, stage_codecs, 48);

SIZE(cx_codec_ops_t, 40);
AT(cx_codec_ops_t, payload_bytes, 8);
AT(cx_codec_ops_t, scale_bytes, 16);
AT(cx_codec_ops_t, encode, 24);
AT(cx_codec_ops_t, decode, 32);

IS(CX_PHASE_OPERATION, 0);
IS(CX_PHASE_DISPATCH, 1);
IS(CX_PHASE_STAGE, 2);
IS(CX_PHASE_COMBINE, 3);
IS(CX_MEMORY_PLAIN, 0);
IS(CX_MEMORY_EXPORTABLE, 1);
IS(CX_FAMILY_COLLECTIVE, 0);
IS(CX_FAMILY_EP, 1);
IS(CX_EP_MODE_LOW_LATENCY, 1);
IS(CX_EP_LAYOUT_TOKEN_EXPERT, 1);
IS(CX_EP_WEIGHTING_KERNEL_SUM, 1);
IS(CX_EP_REDUCTION_TOPK_SLOT_TREE, 3);
IS(CX_CODEC_NVFP4, 11);

IS(CX_COLLECTIVE_ALL_REDUCE, 0);
IS(CX_COLLECTIVE_ALL_GATHER, 1);
IS(CX_COLLECTIVE_REDUCE_SCATTER, 2);
IS(CX_COLLECTIVE_ALL_TO_ALL, 3);
IS(CX_COLLECTIVE_ALL_TO_ALL_V, 4);
IS(CX_COLLECTIVE_BROADCAST, 5);
IS(CX_COLLECTIVE_REDUCE, 6);
IS(CX_COLLECTIVE_GATHER, 7);
IS(CX_COLLECTIVE_SCATTER, 8);
IS(CX_COLLECTIVE_SEND_RECV, 9);
IS(CX_COLLECTIVE_BARRIER, 10);
