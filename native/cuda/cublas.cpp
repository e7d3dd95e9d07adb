#include "cuda/cublas.h"

#include "cuda/cuda.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace longleaf::cuda {

namespace {

#if defined(_WIN32)
constexpr const char* kNames[] = {"cublas64_13.dll", "cublas64_12.dll"};
void* open_library(const char* name) {
    return LoadLibraryExA(name, nullptr, LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
}
void* find(void* library, const char* name) {
    return reinterpret_cast<void*>(GetProcAddress(static_cast<HMODULE>(library), name));
}
#else
constexpr const char* kNames[] = {"libcublas.so.13", "libcublas.so.12"};
void* open_library(const char* name) { return dlopen(name, RTLD_NOW | RTLD_LOCAL); }
void* find(void* library, const char* name) { return dlsym(library, name); }
#endif

constexpr uint64_t kWorkspaceBytes = 32 << 20;

// Values of cublasOperation_t, cublasComputeType_t and cudaDataType_t.
constexpr int kTranspose = 1, kPlain = 0, kCompute32F = 68, kAlgorithmDefault = -1;
constexpr int kR32F = 0, kR16F = 2, kR16BF = 14;

}  // namespace

struct Cublas::Library {
    int (*create)(void** handle);
    int (*destroy)(void* handle);
    int (*set_stream)(void* handle, cudaStream_t);
    int (*set_workspace)(void* handle, void* memory, size_t bytes);
    int (*gemm)(void* handle, int op_a, int op_b, int m, int n, int k, const void* alpha, const void* a,
                int a_type, int lda, const void* b, int b_type, int ldb, const void* beta, void* c,
                int c_type, int ldc, int compute, int algorithm);
};

std::unique_ptr<Cublas> Cublas::open(cudaStream_t stream) {
    void* library = nullptr;
    for (const char* name : kNames)
        if (!library) library = open_library(name);
    if (!library) return nullptr;
    auto calls = std::make_unique<Library>();
    const auto bind = [&](auto& call, const char* name) {
        call = reinterpret_cast<std::remove_reference_t<decltype(call)>>(find(library, name));
        return call != nullptr;
    };
    if (!bind(calls->create, "cublasCreate_v2") || !bind(calls->destroy, "cublasDestroy_v2") ||
        !bind(calls->set_stream, "cublasSetStream_v2") ||
        !bind(calls->set_workspace, "cublasSetWorkspace_v2") || !bind(calls->gemm, "cublasGemmEx"))
        return nullptr;
    std::unique_ptr<Cublas> blas(new Cublas);
    blas->library_ = std::move(calls);
    if (blas->library_->create(&blas->handle_) != 0) return nullptr;
    if (blas->library_->set_stream(blas->handle_, stream) != 0) return nullptr;
    check(cudaMalloc(&blas->workspace_, kWorkspaceBytes), "taking memory for cuBLAS");
    if (blas->library_->set_workspace(blas->handle_, blas->workspace_, kWorkspaceBytes) != 0) return nullptr;
    return blas;
}

Cublas::~Cublas() {
    if (handle_) library_->destroy(handle_);
    cudaFree(workspace_);
}

static int cublas_type(DType type) {
    return type == DType::f32 ? kR32F : type == DType::f16 ? kR16F : kR16BF;
}

void Cublas::multiply(const Product& p) const {
    const float one = 1, beta = p.add ? 1.0f : 0.0f;
    const int type = cublas_type(p.type);
    // Column-major: out^T (N, T) = w (N, K) * x^T.
    const int status = library_->gemm(
        handle_, kTranspose, kPlain, static_cast<int>(p.out.cols), static_cast<int>(p.out.rows), p.depth,
        &one, p.w, type, static_cast<int>(p.w_stride), p.x, type, static_cast<int>(p.x_stride), &beta,
        p.out.data, cublas_type(p.out.type), static_cast<int>(p.out.stride), kCompute32F, kAlgorithmDefault);
    if (status == 0) return;
    check(cudaPeekAtLastError(), "cuBLAS");
    throw EngineError(ErrorCode::internal,
                      "cuBLAS refused a product (status " + std::to_string(status) + ").");
}

}  // namespace longleaf::cuda
