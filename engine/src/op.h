// What the engine knows of a kind of op: what it refuses, what it keeps, how its weights are packed, and how it works on
// a block of steps and on one step. Each kind has a file in ops/, and a word
// in undertow/op_kinds.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "undertow/graph.h"

namespace undertow {

class OpCheck;
class Memory;
class Pass;
class Program;
class Room;
class Tasks;
struct Leaf;
struct MemoryShape;

// A leaf of what an op keeps for each row: floats, or one integer.
struct LeafShape {
  std::string name;
  std::vector<uint32_t> dims{};  // of the floats; none: an integer
  uint64_t below = 0;            // what an integer is below
  int64_t least = 0;             // and what it is at least
  uint32_t item = 4;             // bytes of a float, as the engine holds it

  bool grows = false;   // dims[0] is the most: a state has as many entries as it has room for
  bool counts = false;  // an integer that is at most the entries there are of the op's leaves that grow
  bool shared = false;  // an integer that several ops keep, each for itself: one leaf

  bool is_integer() const { return dims.empty(); }
  uint64_t numbers() const {
    uint64_t product = is_integer() ? 0 : 1;
    for (uint32_t dim : dims) product *= dim;
    return product;
  }
  uint64_t bytes() const { return is_integer() ? sizeof(int64_t) : numbers() * item; }
};

// Where an op may stand: in a model that steps, in an encoder, which reads a whole source at once, or in both.
enum class Stands { steps, sources, both };

// What of an op is needed although nobody reads its output: its inputs are kept, or it has to run.
enum class Keeps { nothing, inputs, everything };

// An op's weights in the order the kernels read them.
class Packed {
 public:
  virtual ~Packed() = default;
  virtual void reserve_past(Room&) {}             // room for what is not read in full at every step
  virtual void fill(std::byte* memory) const = 0;  // the program's memory, once there is room for all
  virtual void tabulate(const Program&, std::byte*) const {}  // once all are filled: what follows from a symbol alone
  virtual uint32_t width() const { return 0; }     // numbers a vector's sums take
  virtual size_t gathered() const { return 0; }    // bytes of a vector's inputs side by side, where they must be gathered
};

// An op made ready for some slots: its part of their state, and its work on the rows of a pass, each in a slot.
class Unit {
 public:
  Unit(const Program& program, size_t op, uint32_t slots);
  virtual ~Unit() = default;
  Unit(const Unit&) = delete;
  Unit& operator=(const Unit&) = delete;

  // State of a slot: as before the first step; that of another slot of this op, here or in another group; to a row of
  // leaves, and from it.
  virtual void reset(uint32_t) {}
  virtual void copy(uint32_t, const Unit&, uint32_t) {}
  virtual void write(uint32_t, std::span<Leaf>, uint32_t) const {}
  virtual void read(uint32_t, std::span<const Leaf>, uint32_t) {}
  virtual uint32_t entries(uint32_t) const { return 1; }  // that a row has of the leaves that grow

  // Allocate what a row needs for so many more steps; nothing is allocated in a step. Throws std::invalid_argument where
  // there are more than the model takes.
  virtual void make_room(uint32_t, uint64_t) {}

  // Allocate what a memory of sources that was given needs.
  virtual void remember(const Memory&) {}

  // All ticks of a pass; or of a block whose outputs nobody reads, only what is kept.
  virtual void block(Pass& pass) = 0;
  virtual void keep(Pass&) {}

  // Of a unit that repeats a later value (OpRules::repeats): keep it, once it is made; and the task of a step that does.
  virtual void keep_repeated(Pass&) {}
  virtual void plan_repeated(Tasks&) {}

  // A step: its tasks in the order in which one thread can do them, and the work of one, by the number it was given.
  virtual void plan(Tasks& tasks, const Pass& step);
  virtual void work(uint32_t, Pass& step) { block(step); }
  virtual void work_all(Pass& step) { block(step); }  // its tasks one after another, where one thread does them all

  // Drop what was worked out for steps to come. `fetch` asks for the memory of the next piece of it.
  virtual void forget() {}
  virtual bool works_ahead() const { return false; }
  virtual void fetch(const Pass&) const {}
  const Unit* following = nullptr;  // the next unit that works ahead, round and round

 protected:
  const Op& op() const { return op_; }
  uint32_t domain() const { return domain_; }

  const Program& program_;
  const size_t index_;
  const uint32_t slots_;

 private:
  const Op& op_;
  const uint32_t domain_;
};

// A kind of op; objects of it have no state.
class OpRules {
 public:
  virtual ~OpRules() = default;
  virtual void check(OpCheck& check, const Op& op) const = 0;

  virtual Stands stands(const Op&) const { return Stands::steps; }

  // Whether an output follows from the inputs of the same step alone, or from what is known of the step.
  virtual bool follows(const Op&) const { return false; }
  virtual bool reads_floats(const Graph&, const Op&) const { return true; }
  virtual bool always_writes_floats() const { return true; }  // also where only its bytes are read
  virtual Keeps keeps(const Op&) const { return Keeps::nothing; }

  // The value, made later in the same tick, whose last tick an output is; -1: none. From such an op to the one that makes
  // that value, ops work on a block tick by tick.
  virtual int64_t repeats(const Op&) const { return -1; }
  virtual std::vector<LeafShape> leaves(const Graph&, const Op&) const { return {}; }

  // What it reads of the memory of a row's source (memory.h).
  virtual std::vector<MemoryShape> memory(const Graph&, const Op&) const;

  virtual uint64_t tick_bytes(const Graph&, const Op&) const { return 0; }  // of weights, read in one tick
  virtual std::unique_ptr<Packed> pack(const Graph&, const Op&, Room&) const { return nullptr; }

  // The products of past taps may be shared by `burst` steps.
  virtual std::unique_ptr<Unit> unit(const Program&, size_t op, uint32_t slots, uint32_t burst) const = 0;
};

const OpRules& rules_of(OpKind kind);
inline const OpRules& rules_of(const Op& op) { return rules_of(op.kind); }

}  // namespace undertow
