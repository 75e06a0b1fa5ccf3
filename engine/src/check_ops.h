// What the checks of ops share: each op's file refuses what that op cannot run, with these.
#pragma once

#include <cstdint>
#include <vector>

#include "check.h"

namespace undertow {

class OpCheck {
 public:
  explicit OpCheck(const Graph& graph);

  void run();

  // Refuse the op that is being checked.
  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    refuse("op ", index_, " (", name(graph.ops[index_].kind), ") ", parts...);
  }

  const Value& value(uint32_t index) const { return graph.values[index]; }
  const Tensor& tensor(const char* role, int32_t index) const;
  const Tensor& own_weight(const Op& op);  // a weight belongs to one op
  void vector(const char* role, int32_t index, uint32_t size) const;
  void read(const char* verb, uint32_t index) const;
  void inputs(const Op& op, size_t number) const;
  void added(const Op& op, uint32_t channels, uint32_t domain) const;
  void output(const Op& op, uint64_t channels, uint32_t domain) const;
  void no_arithmetic(const Op& op) const;  // no activation, settings, added value or tensors, but for an embed's table
  void no_tensors(const Op& op) const;     // no activation, added value or tensors
  void elementwise(const Op& op) const;    // one value becomes another of its size
  void one_frame(uint32_t domain);         // frames go to a domain once
  void same_clock(const Op& op);           // all that make a domain tick do so at the same ticks of its parent
  void ticks(uint32_t domain) const;       // something that stands before makes it tick
  bool is_clock(uint32_t domain, OpKind kind) const;  // made by such an op
  void only_one(const Op& op) const;       // of its kind
  void cell(const Op& op) const;           // no activation, added value, bias or scale
  void begin_loop(const Op& op, uint32_t repeated);  // of a value that is made later, by ops of one domain

  const Graph& graph;

 private:
  void op(const Op& op);
  void place(const Op& op) const;

  std::vector<bool> written_;
  std::vector<const Op*> clocks_;  // of each domain, the first op so far that makes it tick
  std::vector<int64_t> owner_;  // of each tensor: the op whose weight it is
  struct Loop {
    size_t op;
    uint32_t repeated, domain;
  };
  void inside(const Loop& loop, const Op& op) const;
  std::vector<Loop> loops_;  // those whose value is not made yet
  size_t index_ = 0;
};

}  // namespace undertow
