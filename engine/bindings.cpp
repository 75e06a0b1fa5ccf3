// The extension module undertow.native._engine: the only file that knows Python.
#include <nanobind/nanobind.h>

NB_MODULE(_engine, module) { module.doc() = "The engine."; }
