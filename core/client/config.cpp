#include "client/config.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <span>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "client/options.h"
#include "client/yaml.h"
#include "crypto/note.h"
#include "redact/options.h"

namespace plog::client {
namespace {

constexpr char kLocalFile[] = "./provenlog.yaml";
constexpr char kHomeFile[] = "~/.provenlog/config.yaml";

constexpr char kRedaction[] = "redaction";      // the only key that contains others
constexpr std::size_t kMaxPseudonymKey = 4096;  // bytes
constexpr std::string_view kCaptureKeys[] = {"default", "fields", "action_types"};
constexpr std::string_view kRuleKeys[] = {"name", "pattern", "replace"};

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = corner + (a[i - 1] == b[j - 1] ? 0 : 1);
      corner = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

// The keys of options in the mapping `parent`, or in the root if it is empty.
std::vector<std::string_view> keys_in(std::string_view parent) {
  std::vector<std::string_view> keys;
  for (const Option& option : client_options()) {
    const std::size_t dot = option.key.find('.');
    const bool nested = dot != option.key.npos;
    const std::string_view found_in = nested ? option.key.substr(0, dot) : std::string_view();
    std::string_view key = option.key;
    if (found_in == parent) {
      key.remove_prefix(nested ? dot + 1 : 0);
    } else if (parent.empty()) {
      key = found_in;
    } else {
      continue;
    }
    if (!key.empty() && std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  }
  return keys;
}

// The message for an unknown key: suggests the most similar known key, or lists all known keys.
std::string unknown_key(const std::string& key, std::span<const std::string_view> known) {
  std::string_view best;
  std::size_t distance = key.size() > 40 ? 0 : std::max<std::size_t>(2, key.size() / 3) + 1;
  for (std::string_view candidate : known) {
    const std::size_t d = key.size() > 40 ? 1 : edit_distance(key, candidate);
    if (d < distance) {
      distance = d;
      best = candidate;
    }
  }
  if (!best.empty()) return "unknown key; did you mean \"" + std::string(best) + "\"?";
  std::string all;
  for (std::string_view candidate : known) all.append(all.empty() ? "" : ", ").append(candidate);
  return "unknown key; the known keys are " + all;
}

// Reads the YAML tree of one configuration file.
class ConfigReader {
 public:
  ConfigReader(const std::string& file_name, bool additive) : file_name_(file_name), additive_(additive) {}

  Config read(const Yaml& root) {
    if (root.type == Yaml::Type::kNull) return {};
    if (root.type != Yaml::Type::kMapping) refuse(root.line, "", "the file must be a mapping of keys to values");
    for (const Yaml::Entry& entry : root.entries) read_root(entry);
    return std::move(config_);
  }

 private:
  [[noreturn]] void refuse(int line, const std::string& key, const std::string& what) const {
    refuse_yaml(file_name_, line, key, what);
  }

  // Rejects a key that ./provenlog.yaml must not set.
  void only_trusted(int line, const std::string& key) const {
    if (!additive_) return;
    refuse(line, key,
           "not allowed in " + std::string(kLocalFile) +
               ", which may only add labels, metadata and redaction.rules; "
               "set it in " +
               kHomeFile + " or in the file that PROVENLOG_CONFIG names");
  }

  void read_root(const Yaml::Entry& entry) {
    const std::string& key = entry.key;
    const Yaml& value = entry.value;
    if (key == kRedaction) return read_redaction(value);
    const Option* option = option_with_key(key);
    if (option == nullptr || key.find('.') != key.npos) refuse(entry.line, key, unknown_key(key, keys_in("")));
    if (!option->additive) only_trusted(entry.line, key);
    if (key == "labels") {
      read_labels(value);
    } else if (key == "metadata") {
      read_metadata(value);
    } else if (key == "server_url") {
      config_.server_url = text(value, key);
      if (config_.server_url->rfind("http://", 0) != 0 && config_.server_url->rfind("https://", 0) != 0) {
        refuse(value.line, key, "must begin with http:// or https://");
      }
      config_.server_url_from = file_name_ + ":" + std::to_string(entry.line) + ": server_url";
    } else if (key == "db_path") {
      config_.db_path = text(value, key);
    } else if (key == "agent_id") {
      config_.agent_id = text(value, key);
    } else if (key == "session_id") {
      config_.session_id = text(value, key);
    } else if (key == "durability") {
      config_.durability = choice(value, *option);
    } else if (key == "on_full") {
      config_.on_full = choice(value, *option);
    } else if (key == "batch_size") {
      config_.batch_size = static_cast<std::uint32_t>(number(value, *option));
    } else if (key == "flush_interval") {
      config_.flush_interval_ms = static_cast<std::uint32_t>(number(value, *option));
    } else if (key == "block_timeout") {
      config_.block_timeout_ms = static_cast<std::uint32_t>(number(value, *option));
    } else if (key == "max_event_bytes") {
      config_.max_event_bytes = number(value, *option);
    } else if (key == "journal_limit_bytes") {
      config_.journal_limit_bytes = number(value, *option);
    } else if (key == "read_connections") {
      config_.read_connections = static_cast<std::uint32_t>(number(value, *option));
    } else if (key == "salt") {
      config_.salt = truth(value, *option);
    } else if (key == "origin") {
      config_.origin = origin(value, key);
    } else if (key == "key_path") {
      config_.key_path = expand_home(text(value, key));
    } else if (key == "head_copies") {
      read_head_copies(value);
    } else if (key == "capture_content") {
      read_capture(value);
    } else {
      throw Error(Status::kInternal, "internal error: the configuration key " + key + " is declared but not read");
    }
  }

  std::string text(const Yaml& value, const std::string& key) const {
    if (value.type != Yaml::Type::kScalar || value.text.empty()) refuse(value.line, key, "must be a non-empty string");
    if (value.text.find('\0') != std::string::npos) refuse(value.line, key, "must not contain a NUL character");
    return value.text;
  }

  std::string origin(const Yaml& value, const std::string& key) const {
    std::string name = text(value, key);
    if (!crypto::is_key_name(name)) {
      refuse(value.line, key, "must be a name without spaces, control characters or '+', such as example.com/agents");
    }
    return name;
  }

  void read_head_copies(const Yaml& value) {
    if (value.type != Yaml::Type::kSequence) refuse(value.line, "head_copies", "must be a list of paths");
    for (const Yaml& item : value.items) config_.head_copies.push_back(expand_home(text(item, "head_copies")));
  }

  void read_capture(const Yaml& value) {
    event::CapturePolicy policy;
    const auto set = [&](const Yaml& name, int line, const std::string& key, const auto& setter) {
      try {
        setter(text(name, key));
      } catch (const Error& error) {
        if (error.status() != Status::kInvalid) throw;
        refuse(line, key, error.what());
      }
    };
    const auto set_default = [&](const std::string& name) { policy.set_default(name); };
    if (value.type == Yaml::Type::kScalar) {
      set(value, value.line, "capture_content", set_default);
    } else {
      for (const Yaml::Entry& entry : mapping(value, "capture_content")) {
        const std::string key = "capture_content." + entry.key;
        if (entry.key == "default") {
          set(entry.value, entry.line, key, set_default);
        } else if (entry.key == "fields" || entry.key == "action_types") {
          for (const Yaml::Entry& member : mapping(entry.value, key)) {
            set(member.value, member.line, key + "." + member.key, [&](const std::string& name) {
              if (entry.key == "fields") {
                policy.set_field(member.key, name);
              } else {
                policy.set_action_type(member.key, name);
              }
            });
          }
        } else {
          refuse(entry.line, key, unknown_key(entry.key, kCaptureKeys));
        }
      }
    }
    config_.capture_content = std::move(policy);
  }

  // The start of a message about a value.
  std::string where(const Yaml& value, const Option& option) const {
    return file_name_ + ":" + std::to_string(value.line) + ": " + std::string(option.key);
  }

  std::string choice(const Yaml& value, const Option& option) const {
    if (value.type != Yaml::Type::kScalar) wrong_type(value, option, "text");
    return std::string(option.choices[parse_choice(option, value.text, where(value, option))]);
  }

  bool truth(const Yaml& value, const Option& option) const {
    if (value.type == Yaml::Type::kScalar && value.plain) {
      for (std::string_view name : {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"}) {
        if (value.text == name) return true;
      }
      for (std::string_view name : {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"}) {
        if (value.text == name) return false;
      }
    }
    wrong_type(value, option, "true or false");
  }

  std::uint64_t number(const Yaml& value, const Option& option) const {
    if (value.type != Yaml::Type::kScalar || !value.plain) {
      wrong_type(value, option, option.kind == OptionKind::kDuration ? "a number of seconds" : "a whole number");
    }
    return parse_number(option, value.text, where(value, option));
  }

  [[noreturn]] void wrong_type(const Yaml& value, const Option& option, const std::string& expected) const {
    refuse(value.line, std::string(option.key),
           "must be " + expected + (expected == "true or false" ? "" : "; " + accepted_values(option)));
  }

  const std::vector<Yaml::Entry>& mapping(const Yaml& value, const std::string& key) const {
    if (value.type != Yaml::Type::kMapping && value.type != Yaml::Type::kNull)
      refuse(value.line, key, "must be a mapping of keys to values");
    return value.entries;
  }

  void read_labels(const Yaml& value) {
    for (const Yaml::Entry& entry : mapping(value, "labels")) {
      if (entry.value.type != Yaml::Type::kScalar) {
        refuse(entry.line, "labels." + entry.key, "the value of a label must be a string");
      }
      config_.labels.insert_or_assign(entry.key, json::Value(entry.value.text));
    }
  }

  void read_metadata(const Yaml& value) {
    for (const Yaml::Entry& entry : mapping(value, "metadata")) {
      config_.metadata.insert_or_assign(entry.key, any(entry.value));
    }
  }

  static json::Value any(const Yaml& value) {
    switch (value.type) {
      case Yaml::Type::kNull: return {};
      case Yaml::Type::kScalar: return value.plain ? scalar(value.text) : json::Value(value.text);
      case Yaml::Type::kSequence: {
        json::Value::Array array;
        for (const Yaml& item : value.items) array.push_back(any(item));
        return array;
      }
      case Yaml::Type::kMapping: break;
    }
    json::Value::Object object;
    for (const Yaml::Entry& entry : value.entries) object.insert_or_assign(entry.key, any(entry.value));
    return object;
  }

  // Types a plain scalar by the core schema of YAML 1.2, but with decimal numbers only: NaN, infinities, octal and
  // hexadecimal numbers stay strings.
  static json::Value scalar(const std::string& text) {
    if (text == "true" || text == "True" || text == "TRUE") return true;
    if (text == "false" || text == "False" || text == "FALSE") return false;
    std::string_view digits = text;
    const bool negative = !digits.empty() && digits[0] == '-';
    if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) digits.remove_prefix(1);
    if (digits.empty() || digits.find_first_not_of("0123456789.eE+-") != digits.npos) return text;
    if (digits.find_first_not_of("0123456789") == digits.npos) {
      digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size() - 1));
      return json::Value::number((negative ? "-" : "") + std::string(digits));
    }
    double number = 0;
    if (digits[0] == '-' || digits[0] == '+') return text;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || stop != digits.data() + digits.size()) return text;
    return negative ? -number : number;
  }

  void read_redaction(const Yaml& value) {
    for (const Yaml::Entry& entry : mapping(value, "redaction")) {
      const std::string key = "redaction." + entry.key;
      if (entry.key == "enabled") {
        only_trusted(entry.line, key);
        config_.redaction_enabled = truth(entry.value, client_option(key));
      } else if (entry.key == "rules") {
        read_rules(entry.value, key);
      } else if (option_with_key(key) != nullptr) {
        only_trusted(entry.line, key);
        if (entry.value.type != Yaml::Type::kNull) read_redaction_option(entry, key);
      } else {
        refuse(entry.line, key, unknown_key(entry.key, keys_in(kRedaction)));
      }
    }
  }

  void read_redaction_option(const Yaml::Entry& entry, const std::string& key) {
    std::string problem;
    try {
      if (entry.key == "pseudonym_key_file") {
        std::string secret = read_file(expand_home(text(entry.value, key)), kMaxPseudonymKey);
        while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
        if (secret.size() < redact::kMinPseudonymKey) problem = "the file must contain at least 16 bytes";
        config_.redaction.pseudonym_key = std::move(secret);
      } else {
        json::Value::Object option;
        option.insert_or_assign(entry.key, any(entry.value));
        redact::add_options(std::move(option), config_.redaction);
        // Names may refer to rules later in the file, so they are checked when the whole configuration is known.
        redact::Options alone = config_.redaction;
        alone.disabled.clear();
        alone.keep_last.clear();
        redact::Redactor::make(std::move(alone));
      }
    } catch (const Error& error) {
      if (error.status() == Status::kConfig &&
          std::string_view(error.what()).substr(0, file_name_.size()) == file_name_) {
        throw;
      }
      problem = error.what();
    }
    if (!problem.empty()) refuse(entry.line, key, problem);
  }

  void read_rules(const Yaml& value, const std::string& key) {
    if (value.type == Yaml::Type::kNull) return;
    if (value.type != Yaml::Type::kSequence)
      refuse(value.line, key, "must be a list of rules (- name: ..., pattern: ...)");
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      read_rule(value.items[i], key + "[" + std::to_string(i) + "]");
    }
  }

  void read_rule(const Yaml& value, const std::string& key) {
    if (value.type != Yaml::Type::kMapping) refuse(value.line, key, "must be a mapping with name and pattern");
    redact::Rule rule;
    int line = value.line;
    for (const Yaml::Entry& entry : value.entries) {
      const std::string part = key + "." + entry.key;
      if (entry.key == "name") {
        rule.name = text(entry.value, part);
      } else if (entry.key == "pattern") {
        rule.pattern = text(entry.value, part);
        line = entry.value.line;
      } else if (entry.key == "replace") {
        if (entry.value.type != Yaml::Type::kNull) rule.replace = text(entry.value, part);
      } else {
        refuse(entry.line, part, unknown_key(entry.key, kRuleKeys));
      }
    }
    if (rule.name.empty()) refuse(value.line, key + ".name", "is missing");
    if (rule.pattern.empty()) refuse(value.line, key + ".pattern", "is missing");
    try {
      redact::Redactor::make({true, {rule}});
    } catch (const Error& error) {
      if (error.status() != Status::kConfig) throw;
      refuse(line, key, error.what());
    }
    for (const redact::Rule& other : config_.redaction_rules) {
      if (other.name == rule.name)
        refuse(value.line, key + ".name", "another rule is already named \"" + rule.name + "\"");
    }
    if (config_.redaction_rules.size() >= kMaxRules) refuse(value.line, key, "more than 256 rules in one file");
    config_.redaction_rules.push_back(std::move(rule));
  }

  static constexpr std::size_t kMaxRules = 256;

  const std::string& file_name_;
  const bool additive_;
  Config config_;
};

// The device and inode of a file, which identify it under any name.
struct Identity {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const Identity&) const = default;
};

// The content of a file; nullopt if it does not exist. Never blocks on a FIFO.
std::optional<std::string> read_if_exists(const std::string& path, Identity* identity) {
  std::optional<Fd> fd;
  try {
    fd = open_existing(path, O_RDONLY);
    if (!*fd) return std::nullopt;
    struct stat info {};
    if (fstat(fd->get(), &info) != 0) throw errno_error("cannot read " + path, errno);
    if (info.st_size > static_cast<off_t>(kMaxYamlSize)) refuse_yaml(path, 1, "", "the file is larger than 1 MiB");
    *identity = {info.st_dev, info.st_ino};
    std::string text(kMaxYamlSize + 1, '\0');
    text.resize(pread_some(fd->get(), text.data(), text.size(), 0));
    return text;
  } catch (const Error& error) {
    if (error.status() == Status::kConfig) throw;
    throw Error(Status::kConfig, path + ":1: " + error.what());
  }
}

std::optional<std::string> environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

Config load_trusted(Identity* identity) {
  if (const auto named = environment("PROVENLOG_CONFIG")) {
    const std::string path = expand_home(*named);
    const auto text = read_if_exists(path, identity);
    if (!text) throw Error(Status::kConfig, path + ":1: PROVENLOG_CONFIG names this file, but it does not exist");
    return parse_config(*text, path, false);
  }
  std::string path;
  try {
    path = expand_home(kHomeFile);
  } catch (const Error&) {
    return {};  // the user has no home directory
  }
  const auto text = read_if_exists(path, identity);
  return text ? parse_config(*text, path, false) : Config{};
}

}  // namespace

Config parse_config(const std::string& text, const std::string& file_name, bool additive) {
  return ConfigReader(file_name, additive).read(read_yaml(text, file_name));
}

Config load_config() {
  Identity trusted, local;
  Config config = load_trusted(&trusted);
  const auto text = read_if_exists(kLocalFile, &local);
  // PROVENLOG_CONFIG may name ./provenlog.yaml itself, which makes it a trusted file.
  if (text && !(local == trusted)) {
    Config added = parse_config(*text, kLocalFile, true);
    config.labels.merge(added.labels);
    config.metadata.merge(added.metadata);
    for (redact::Rule& rule : added.redaction_rules) config.redaction_rules.push_back(std::move(rule));
  }
  const std::string_view url_variable = client_option("base_url").environment;
  if (auto url = environment(url_variable)) {
    config.server_url = std::move(url);
    config.server_url_from = url_variable;
  }
  if (auto path = environment(client_option("db_path").environment)) config.db_path = std::move(path);
  return config;
}

}  // namespace plog::client
