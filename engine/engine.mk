# The engine's own targets: C++ tests and examples, sanitizers, another processor, fuzzing. They need no Python; each
# takes its tools from Debian where it may (as root), else says what is missing.

MAKEFLAGS += --no-print-directory
JOBS := $(shell getconf _NPROCESSORS_ONLN)
FUZZ_CASES ?= 100000
ENGINE_SOURCES := $(wildcard engine/CMakeLists.txt engine/*.cpp \
  $(addprefix engine/,include/*/*.h src/*.cpp src/*.h src/*/*.h src/*/*.cpp))
COMPILER := command -v $(firstword $(CXX)) >/dev/null
DOCTEST := echo '\#include <doctest/doctest.h>' | $(CXX) -E -x c++ - >/dev/null 2>&1
CROSS := aarch64-linux-gnu-g++
QEMU := qemu-aarch64-static
# $(call need,a test,Debian packages): true when the test passes, if need be after installing the packages.
need = { $(1); } || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq \
  && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y $(2) >/dev/null && { $(1); }; }
# $(call build,folder,CMake options,target)
build = cmake -S engine -B build/$(1) $(2) >/dev/null && cmake --build build/$(1) --target $(3) -j $(JOBS)

.PHONY: .engine-tools
.engine-tools:
	@$(call need,$(COMPILER) && command -v cmake >/dev/null && $(DOCTEST),g++ cmake make doctest-dev) || { \
	  echo "The engine's tests need a C++20 compiler, cmake and doctest; on Debian and Ubuntu:" \
	    "sudo apt-get install g++ cmake make doctest-dev"; exit 1; }

engine-test: .engine-tools
	@$(call build,engine,-DUNDERTOW_TESTS=ON,engine_tests)
	build/engine/engine_tests
	@cmake --install build/engine --prefix build/installed >/dev/null
	@cmake -S engine/examples -B build/examples -DCMAKE_PREFIX_PATH=$(CURDIR)/build/installed >/dev/null
	@cmake --build build/examples -j $(JOBS)
	build/examples/first tests/golden/int8-categorical.engine
	build/examples/generate tests/golden/int8-categorical.engine build/examples/theo.wav 10 theo
	build/examples/blocks tests/golden/int8-categorical.engine 10
	build/examples/blocks tests/golden/effect.engine 1
	echo "ein haus" | build/examples/translate tests/golden/translator.engine

engine-sanitize: engine-address engine-thread

# Undefined behaviour too.
engine-address: .engine-tools
	@$(call build,engine-address,-DUNDERTOW_TESTS=ON -DUNDERTOW_SANITIZE=address,engine_tests)
	build/engine-address/engine_tests

# Older runtimes of it fail under address randomisation.
engine-thread: .engine-tools
	@$(call build,engine-thread,-DUNDERTOW_TESTS=ON -DUNDERTOW_SANITIZE=thread,engine_tests)
	$(shell setarch -R true 2>/dev/null && echo setarch -R) build/engine-thread/engine_tests

engine-fuzz: .engine-tools
	@$(call build,engine-address,-DUNDERTOW_FUZZ=ON -DUNDERTOW_SANITIZE=address,engine_fuzz)
	build/engine-address/engine_fuzz $(FUZZ_CASES)

# Nobody's own machine has to have a cross compiler; CI does.
engine-cross: .engine-tools
	@$(call need,command -v $(CROSS) >/dev/null,g++-aarch64-linux-gnu) || { \
	  echo "engine-cross: no $(CROSS) (Debian: g++-aarch64-linux-gnu), nothing was compiled"; [ -z "$$CI" ]; exit; }; \
	$(call build,engine-aarch64,-DUNDERTOW_TESTS=ON -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
	  -DCMAKE_C_COMPILER=$(CROSS:g++=gcc) -DCMAKE_CXX_COMPILER=$(CROSS) -DCMAKE_EXE_LINKER_FLAGS=-static,engine_tests) && \
	{ $(call need,command -v $(QEMU) >/dev/null,qemu-user-static) || { \
	  echo "engine-cross: compiled; no $(QEMU) (Debian: qemu-user-static) to run it"; exit 0; }; } && \
	$(QEMU) build/engine-aarch64/engine_tests
