foreach(name rows matmul quants families attend select blocks rank pool)
  longleaf_test(cpu ${name} LINKS ops)
endforeach()
longleaf_test(cpu half LINKS ops)
longleaf_test(sparsity policy LINKS ops)
longleaf_test(sparsity drift LINKS ops)

# Figures for native/README.md: longleaf_bench_ops [threads]. Not a test.
add_executable(longleaf_bench_ops ${CMAKE_CURRENT_LIST_DIR}/../bench/ops.cpp)
target_include_directories(longleaf_bench_ops PRIVATE ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(longleaf_bench_ops PRIVATE longleaf_flags longleaf_cpu longleaf_ops)
