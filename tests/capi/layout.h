/* Checks sizes and offsets of the public structs of ABI 1 on 64-bit systems, at compile time. */
#ifndef PROVENLOG_TESTS_CAPI_LAYOUT_H
#define PROVENLOG_TESTS_CAPI_LAYOUT_H

#include <provenlog/plog.h>

#define PLOG_ASSERT_NAME2(line) plog_layout_##line
#define PLOG_ASSERT_NAME(line) PLOG_ASSERT_NAME2(line)
#define AT(type, member, offset) \
  typedef char PLOG_ASSERT_NAME(__LINE__)[offsetof(type, member) == (offset) || sizeof(void*) != 8 ? 1 : -1]
#define SIZE(type, size) typedef char PLOG_ASSERT_NAME(__LINE__)[sizeof(type) == (size) || sizeof(void*) != 8 ? 1 : -1]

AT(plog_client_options, struct_size, 0);
AT(plog_client_options, durability, 4);
AT(plog_client_options, on_full, 8);
AT(plog_client_options, no_salt, 12);
AT(plog_client_options, base_url, 16);
AT(plog_client_options, db_path, 24);
AT(plog_client_options, agent_id, 32);
AT(plog_client_options, session_id, 40);
AT(plog_client_options, labels_json, 48);
AT(plog_client_options, metadata_json, 56);
AT(plog_client_options, context_json, 64);
AT(plog_client_options, source, 72);
AT(plog_client_options, capture_method, 80);
AT(plog_client_options, batch_size, 88);
AT(plog_client_options, flush_interval_ms, 92);
AT(plog_client_options, block_timeout_ms, 96);
AT(plog_client_options, reserved, 100);
AT(plog_client_options, max_event_bytes, 104);
AT(plog_client_options, journal_limit_bytes, 112);
AT(plog_client_options, capture_content, 120);
AT(plog_client_options, salt, 128);
AT(plog_client_options, read_connections, 132);
SIZE(plog_client_options, 136);

AT(plog_client_stats_t, struct_size, 0);
AT(plog_client_stats_t, reserved, 4);
AT(plog_client_stats_t, accepted, 8);
AT(plog_client_stats_t, stored, 16);
AT(plog_client_stats_t, recovered, 24);
AT(plog_client_stats_t, duplicates, 32);
AT(plog_client_stats_t, conflicts, 40);
AT(plog_client_stats_t, dropped, 48);
AT(plog_client_stats_t, gaps, 56);
AT(plog_client_stats_t, queued_events, 64);
AT(plog_client_stats_t, queued_bytes, 72);
AT(plog_client_stats_t, truncated, 80);
AT(plog_client_stats_t, redactions, 88);
AT(plog_client_stats_t, errors, 96);
SIZE(plog_client_stats_t, 104);

AT(plog_verify_options, struct_size, 0);
AT(plog_verify_options, read_only, 4);
AT(plog_verify_options, db_path, 8);
AT(plog_verify_options, agent_id, 16);
AT(plog_verify_options, progress, 24);
AT(plog_verify_options, user_data, 32);
AT(plog_verify_options, level, 40);
AT(plog_verify_options, key, 48);
AT(plog_verify_options, heads, 56);
AT(plog_verify_options, head_count, 64);
AT(plog_verify_options, incremental, 68);
AT(plog_verify_options, threads, 72);
AT(plog_verify_options, reserved, 76);
SIZE(plog_verify_options, 80);

AT(plog_export_options, struct_size, 0);
AT(plog_export_options, tiles, 4);
AT(plog_export_options, db_path, 8);
AT(plog_export_options, filter, 16);
AT(plog_export_options, overwrite, 24);
AT(plog_export_options, reserved, 28);
AT(plog_export_options, progress, 32);
AT(plog_export_options, user_data, 40);
SIZE(plog_export_options, 48);

AT(plog_check_options, struct_size, 0);
AT(plog_check_options, head_count, 4);
AT(plog_check_options, heads, 8);
AT(plog_check_options, key, 16);
AT(plog_check_options, progress, 24);
AT(plog_check_options, user_data, 32);
SIZE(plog_check_options, 40);

SIZE(plog_status, 4);

#endif
