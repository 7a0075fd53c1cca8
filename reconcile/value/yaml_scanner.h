// The words of one YAML document: tokens of YAML 1.1, cut exactly where Kubernetes' reader cuts them.
// Internal to this folder.
//
// Flow: peek() makes tokens until the first one is certain. A word may turn out to be a key only when its colon is
// met, on the same line and within 1,024 characters; so a place where a key may start is remembered for each level
// of brackets, and the tokens `Key` and `BlockMapStart` are put in before the word afterwards.
// Indentation makes `BlockMapStart`, `BlockListStart` and `BlockEnd`.
// Source: YAML 1.1, chapters 5 to 9; where it leaves a choice, what kubectl 1.32 was seen to do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace neoid::yaml {

// Counted from 0; columns in characters.
struct Mark {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

struct Failure {
  enum class Stage { None, Reader, Scanner, Parser, Composer, Converter };
  Stage stage = Stage::None;
  std::string problem;
  Mark context;  // where the thing began that could not be ended
  Mark at;
};

enum class TokenType : std::uint8_t {
  StreamEnd,
  VersionDirective,
  TagDirective,
  DocumentStart,
  DocumentEnd,
  BlockListStart,
  BlockMapStart,
  BlockEnd,
  FlowListStart,
  FlowListEnd,
  FlowMapStart,
  FlowMapEnd,
  BlockEntry,
  FlowEntry,
  Key,
  Value,
  Alias,
  Anchor,
  Tag,
  Scalar,
};

struct Token {
  TokenType type = TokenType::StreamEnd;
  bool plain = false;  // of a scalar: without quotes and not a block
  Mark start;
  Mark end;
  std::string_view text;  // scalar; name of an anchor or alias; handle of a tag; "1.1" of a version directive
  std::string_view suffix;  // of a tag; prefix of a tag directive
};

// A document's text for the scanner: it ends with at least four NULs after `size`.
struct Text {
  const char* data = nullptr;
  std::size_t size = 0;
  bool only_lf = false;  // no other line break than \n
  // A character that YAML does not allow stands somewhere behind `size`: meeting the end is an error then.
  bool cut_at_control = false;
  Mark control;
};

class Scanner {
 public:
  explicit Scanner(const Text& text);

  // The next token, or null after a failure. Texts of tokens live as long as the scanner and its input.
  const Token* peek();
  void skip() {
    ++taken_;
    ++head_;
    ready_ = false;
  }
  const Failure& failure() const { return failure_; }

 private:
  // Where a key may have started, one for each level of brackets.
  struct KeyPlace {
    bool possible = false;
    bool required = false;  // nothing but a key may stand here
    std::size_t token = 0;
    Mark mark;
  };
  enum class Validity { Valid, Invalid, Failed };

  Mark mark() const {
    return {line_, static_cast<std::uint32_t>(static_cast<std::size_t>(at_ - line_start_) - extra_)};
  }
  std::uint32_t column() const { return mark().column; }
  void advance();               // over one character that is no break
  void advance(std::size_t n);  // over n ASCII characters
  void skip_break();
  void read_break(std::string& out);
  void skip_comment();
  bool failed(Mark context, std::string problem);

  bool fetch();
  bool fetch_token(char c);
  void skip_to_token();
  bool fetch_stream_end();
  bool fetch_document_mark(TokenType type);
  bool fetch_flow_start(TokenType type);
  bool fetch_flow_end(TokenType type);
  bool fetch_flow_entry();
  bool fetch_block_entry();
  bool fetch_key();
  bool fetch_value();
  bool fetch_anchor(TokenType type);
  bool fetch_tag();
  bool fetch_directive();
  bool fetch_block_scalar(bool literal);
  bool fetch_quoted(char quote);
  bool fetch_plain();

  bool block_header(Mark start, int& chomp, std::uint32_t& indent);
  bool block_breaks(Mark start, std::uint32_t& indent, std::string& breaks, Mark& end);
  bool quoted_run(char quote, Mark start, std::string& out, bool& escaped_break);
  bool escape(Mark start, std::string& out);
  bool tag_handle(bool directive, Mark start, std::string& handle);
  bool tag_uri(Mark start, std::string& uri, bool nonempty);
  bool uri_escape(Mark start, std::string& uri);
  bool version_number(Mark start, std::string& out);
  static void fold(std::string& out, std::string& first, std::string& rest);

  void push(TokenType type, Mark start, Mark end);
  void push_scalar(Mark start, Mark end, std::string_view text, bool plain);
  void push_indicator(TokenType type, std::size_t characters);
  void insert(std::size_t token, TokenType type, Mark mark);
  std::string_view keep(std::string text);
  bool save_key();
  bool forget_key();
  Validity check(KeyPlace& key);
  KeyPlace* key_at_head();
  bool roll_indent(std::uint32_t column, bool insert_before, std::size_t token, TokenType type, Mark at);
  void unroll_indent(std::int64_t column);

  Text text_;
  const char* at_;
  const char* line_start_;
  std::size_t extra_ = 0;  // bytes of this line that begin no character
  std::uint32_t line_ = 0;

  std::vector<Token> tokens_;
  std::size_t head_ = 0;   // index in tokens_
  std::size_t taken_ = 0;  // number of the token at head_
  bool ready_ = false;

  bool key_allowed_ = true;
  std::size_t flow_level_ = 0;
  std::vector<KeyPlace> keys_{KeyPlace{}};
  std::int64_t indent_ = -1;
  std::vector<std::int64_t> indents_;
  std::deque<std::string> kept_;
  Failure failure_;
};

}  // namespace neoid::yaml
