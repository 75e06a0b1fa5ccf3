// Translates lines of standard input, each on its own: translate MODEL.engine
#include <undertow/translator.h>

#include <cstdio>
#include <iostream>
#include <string>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: translate MODEL.engine < LINES\n");
    return 2;
  }
  try {
    undertow::Translator translator = undertow::load_translator(argv[1]);
    for (std::string line; std::getline(std::cin, line);) std::printf("%s\n", translator.translate(line).c_str());
  } catch (const undertow::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
