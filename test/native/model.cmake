# model, tokenizer, sampler
foreach(name gguf config weights describe)
  longleaf_test(model ${name})
endforeach()
longleaf_test(model mutation LINKS tokenizer)
foreach(name bpe sentencepiece pretokenizer utf8 mutation)
  longleaf_test(tokenizer ${name})
endforeach()
longleaf_test(sampler sampler LINKS cpu)

# The same entry points as tests and, with LONGLEAF_FUZZ and clang, as libFuzzer targets:
#   cmake -S native -B build -DCMAKE_CXX_COMPILER=clang++ -DLONGLEAF_FUZZ=ON \
#         -DLONGLEAF_SANITIZE=address,undefined && cmake --build build --target fuzz_gguf fuzz_tokenizer
if(LONGLEAF_FUZZ)
  foreach(name gguf tokenizer)
    add_executable(fuzz_${name} ${CMAKE_CURRENT_LIST_DIR}/fuzz/${name}_fuzz.cpp)
    target_include_directories(fuzz_${name} PRIVATE ${CMAKE_CURRENT_LIST_DIR})
    target_link_libraries(fuzz_${name} PRIVATE longleaf_flags longleaf_tokenizer)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  endforeach()
endif()
