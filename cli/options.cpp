#include "cli/options.h"

#include <charconv>
#include <cstdint>

#include "base/error.h"
#include "base/file.h"
#include "client/client.h"
#include "client/config.h"
#include "json/value.h"

namespace plog::cli {
namespace {

std::optional<Micros> seconds_of_unit(char unit) {
  switch (unit) {
    case 's': return 1;
    case 'm': return 60;
    case 'h': return 3600;
    case 'd': return 86400;
    case 'w': return 7 * 86400;
    default: return std::nullopt;
  }
}

std::optional<Micros> parse_ago(std::string_view text) {
  std::uint32_t amount = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (error != std::errc() || end + 1 != text.data() + text.size()) return std::nullopt;
  const auto unit = seconds_of_unit(*end);
  if (!unit) return std::nullopt;
  return static_cast<Micros>(amount) * *unit * 1'000'000;
}

}  // namespace

std::optional<Micros> parse_time(std::string_view text, Micros now) {
  if (const auto ago = parse_ago(text)) return now - *ago;
  return parse_timestamp(text);
}

std::optional<std::pair<std::string, std::string>> parse_label(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  return std::pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

std::string labels_json(const Labels& labels) {
  json::Value::Object object;
  for (const auto& [key, value] : labels) object[key] = json::Value(value);
  return json::Value(std::move(object)).canonical();
}

store::LedgerAddress ledger_address(const Globals& globals) {
  if (!globals.db.empty()) return store::LedgerAddress::parse(globals.db);
  const client::Config config = client::load_config();
  if (config.server_url) {
    throw Error(Status::kUnsupported,
                config.server_url_from + ": server mode is not supported yet; name a local ledger with --db PATH");
  }
  return client::ledger_address(std::nullopt, config, store::LedgerAddress::Directories::kLeave);
}

}  // namespace plog::cli
