// What one row's attention keeps of its past: keys and values of every head, as the products over them read them.
//
//   keys     (heads, room / 64, depth, 64)    a query of that depth times 64 steps' keys gives their scores; a room of 16, 32 or 48
//                                         is one panel of that width, so that short rows read and write little
//   values   of each head, a panel of 64 of its channels after another, the last padded to a multiple of 16:
//            (room, width)                steps' weights times their values give the output
//
// Position p stands at p mod room. Room doubles up to the most there is to be, and only then do places come round again.
#pragma once

#include <algorithm>
#include <cstdint>

#include "aligned.h"
#include "kernels.h"

namespace undertow {

class Cache {
 public:
  // Nothing is allocated yet; `most` steps are a multiple of 64.
  Cache(uint32_t heads, uint32_t depth, uint32_t channels, uint32_t most)
      : heads_(heads), depth_(depth), channels_(channels), padded_(uint32_t(round_up(channels, lane_group))),
        most_(most) {}

  uint32_t room() const { return room_; }

  // Room for the positions below `end`, or as many of the last of them as there can be.
  void make_room(uint64_t end) {
    const uint32_t wanted = uint32_t(std::min<uint64_t>(most_, rounded(end)));
    if (wanted > room_) resize(uint32_t(std::min<uint64_t>(most_, rounded(std::max(wanted, 2 * room_)))));
  }

  void put(uint64_t position, uint32_t head, const float* keys, const float* values) {
    const uint32_t place = uint32_t(position % room_);
    float* key = key_at(head, place);
    const size_t apart = panel();
    for (uint32_t c = 0; c < depth_; c++) key[c * apart] = keys[c];
    for (uint32_t first = 0; first < channels_; first += panel_width)
      std::copy_n(values + first, std::min(panel_width, channels_ - first), value_at(head, first, place));
  }

  void take(uint64_t position, uint32_t head, float* keys, float* values) const {
    const uint32_t place = uint32_t(position % room_);
    const float* key = key_at(head, place);
    const size_t apart = panel();
    for (uint32_t c = 0; c < depth_; c++) keys[c] = key[c * apart];
    for (uint32_t first = 0; first < channels_; first += panel_width)
      std::copy_n(value_at(head, first, place), std::min(panel_width, channels_ - first), values + first);
  }

  // Another row's last `kept` steps before a position; there is room for them.
  void copy(const Cache& other, uint64_t kept, uint64_t position) {
    const uint64_t first = position - kept;
    for (uint64_t at = first; at < position;) {
      // Steps that stand together in both, by whole panels where that can be.
      const uint64_t to = std::min(position, at / panel_width * panel_width + panel_width);
      copy_steps(other, at, uint32_t(to - at));
      at = to;
    }
  }

  // Steps of a panel of keys: 64, or all of a smaller room.
  uint32_t panel() const { return std::min(panel_width, room_); }

  // A panel's keys, by its number in the room; those after it follow.
  const float* keys(uint32_t head, uint32_t panel) const { return key_at(head, panel * panel_width); }

  // Values of the panel of channels that begins at `first`, from a place on.
  const float* values(uint32_t head, uint32_t first, uint32_t place) const { return value_at(head, first, place); }

  // Numbers from one step's values of that panel to the next one's.
  uint32_t width(uint32_t first) const { return std::min(panel_width, padded_ - first); }

 private:
  float* key_at(uint32_t head, uint32_t place) const {
    const size_t panel = place / panel_width;
    return keys_.data() + size_t(head) * room_ * depth_ + panel * panel_width * depth_ + place % panel_width;
  }

  // What a product reads at once: whole groups of lanes of one panel, or whole panels.
  static uint64_t rounded(uint64_t steps) { return round_up(steps, steps > panel_width ? panel_width : lane_group); }

  float* value_at(uint32_t head, uint32_t first, uint32_t place) const {
    return values_.data() + size_t(head) * room_ * padded_ + size_t(room_) * first + size_t(place) * width(first);
  }

  // Some steps of one panel.
  void copy_steps(const Cache& other, uint64_t position, uint32_t steps) {
    const uint32_t from = uint32_t(position % other.room_), to = uint32_t(position % room_);
    for (uint32_t head = 0; head < heads_; head++) {
      const float* key = other.key_at(head, from);
      copy_keys(key, other.panel(), steps, key_at(head, to), panel());
      for (uint32_t first = 0; first < padded_; first += panel_width)
        std::copy_n(other.value_at(head, first, from), size_t(steps) * width(first), value_at(head, first, to));
    }
  }

  // Some steps' keys, between panels of any widths.
  void copy_keys(const float* from, size_t from_width, uint32_t steps, float* to, size_t to_width) const {
    for (uint32_t c = 0; c < depth_; c++) std::copy_n(from + c * from_width, steps, to + c * to_width);
  }

  // Places keep their numbers: none has come round yet.
  void resize(uint32_t room) {
    Cache larger(heads_, depth_, channels_, most_);
    larger.room_ = room;
    larger.keys_ = Aligned<float>(size_t(heads_) * room * depth_);
    larger.values_ = Aligned<float>(size_t(heads_) * room * padded_);
    for (uint32_t head = 0; head < heads_ && room_ > 0; head++) {
      if (room_ < panel_width)
        copy_keys(key_at(head, 0), panel(), room_, larger.key_at(head, 0), larger.panel());
      else
        std::copy_n(key_at(head, 0), size_t(room_) * depth_, larger.key_at(head, 0));
      for (uint32_t first = 0; first < padded_; first += panel_width)
        std::copy_n(value_at(head, first, 0), size_t(room_) * width(first), larger.value_at(head, first, 0));
    }
    *this = std::move(larger);
  }

  uint32_t heads_, depth_, channels_, padded_, most_, room_ = 0;
  Aligned<float> keys_, values_;
};

}  // namespace undertow
