# Tests of native/engine on tiny random models, and on the bundled one.
foreach(name allocation answer_text device_choice drift families forward logits looked memory_plan mini progress reading session timeline turn watch)
  longleaf_test(engine ${name})
endforeach()
set_tests_properties(engine/mini engine/logits engine/families PROPERTIES TIMEOUT 300)

# Figures of a whole model for native/README.md: test/bench/cuda.sh runs it. Built by its name only.
add_executable(longleaf_bench_model EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/../bench/model.cpp)
target_include_directories(longleaf_bench_model PRIVATE ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(longleaf_bench_model PRIVATE longleaf_flags longleaf_engine)
if(LONGLEAF_CUDA)
  target_compile_definitions(longleaf_bench_model PRIVATE LONGLEAF_CUDA)
endif()
