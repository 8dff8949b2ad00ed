// What the name of a value says about it: "db_password", "X-Api-Key", "cardNumber".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace plog::redact {

enum class KeyKind : std::uint8_t {
  kNone,
  kSecret,   // its value is one, whatever it holds
  kWeak,     // its value is one unless it looks like a word ("token")
  kCard,     // 12 to 19 digits under it are a card's, also as a number
  kSsn,      // 7 to 9 digits
  kAccount,  // 5 to 18 digits
};

struct KeyRule {
  KeyKind kind = KeyKind::kNone;
  std::string_view name;  // of the marker
};

// Whole words of the key count, in snake, camel and kebab case alike; what they are about stands last, so that
// "password_policy", "max_tokens" and "token_count" are none.
KeyRule key_rule(std::string_view key) noexcept;

// Whether the name is of a rule for numbers of people, not for secrets.
bool is_number_key(std::string_view name) noexcept;

// The names of the markers of keys.
inline constexpr std::string_view kKeyNames[] = {
    "password", "secret",        "token",      "api_key",           "private_key",
    "cookie",   "authorization", "credential", "connection_string", "recovery_phrase",
    "card",     "card_code",     "ssn",        "account_number"};

// Words one of which, in any case, every key with a rule holds; lower case.
inline constexpr std::string_view kKeyWords[] = {
    "pass",     "pwd",        "secret",     "token",    "key",    "cookie",   "auth",   "cred", "bearer",
    "jwt",      "connection", "conn_str",   "mnemonic", "phrase", "recovery", "backup", "seed", "senha",
    "contrase", "passe",      "wachtwoord", "card",     "pan",    "cvv",      "cvc",    "ccn",  "cc_n",
    "cc-n",     "ssn",        "social",     "account",  "acct",   "iban"};

}  // namespace plog::redact
