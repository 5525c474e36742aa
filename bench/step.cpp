// The paper's trainer step in C++ with OpenBLAS, float64, one thread: the same flops as
// machlup's (natural gradient by the layers' Gram matrix and a Cholesky solve), BLAS for the
// products it is good at, fused vector loops for the rest. It is the bound machlup is
// measured against; peers.py builds it and talks to it by the protocol of worker.py.
#include <dlfcn.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

extern "C" {
void dgemm_(const char*, const char*, const int*, const int*, const int*, const double*, const double*, const int*,
            const double*, const int*, const double*, double*, const int*);
void dsyrk_(const char*, const char*, const int*, const int*, const double*, const double*, const int*, const double*,
            double*, const int*);
void dpotrf_(const char*, const int*, double*, const int*, int*);
void dpotrs_(const char*, const int*, const int*, const double*, const int*, double*, const int*, int*);
char* openblas_get_config();
char* openblas_get_corename();
}

constexpr int B = 128, L = 16, H = 32;  // Listing 1
constexpr int ND = 3 * H + 1, NG = (L + 2) * H + 1, INPUTS = B * (1 + 2 * L);
constexpr double RATE_SGD = 0.01, RATE = 0.001, BETA1 = 0.5, BETA2 = 0.999, EPS = 1e-8, MOMENTUM = 0.9, DAMPING = 1e-4;

typedef double v8 __attribute__((vector_size(64), aligned(8), may_alias));
typedef uint64_t u8 __attribute__((vector_size(64), aligned(8), may_alias));
constexpr int W = 8;
static_assert(H % W == 0, "a row of hidden units is whole vectors");
static v8 load(const double* p) { return *reinterpret_cast<const v8*>(p); }
static void store(double* p, v8 x) { *reinterpret_cast<v8*>(p) = x; }
static double sum(v8 x) { return ((x[0] + x[4]) + (x[1] + x[5])) + ((x[2] + x[6]) + (x[3] + x[7])); }

// Noise is xoshiro256++ in eight lanes and Box–Muller in loops the compiler vectorises.
struct Noise {
    static constexpr int N = 512;
    alignas(64) u8 s[4];
    Noise() {
        uint64_t x = 1;
        for (auto& row : s)
            for (int j = 0; j < W; j++) {  // splitmix64
                uint64_t z = x += 0x9e3779b97f4a7c15;
                z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
                z = (z ^ z >> 27) * 0x94d049bb133111eb;
                row[j] = z ^ z >> 31;
            }
    }
    static u8 rotl(u8 x, int k) { return x << k | x >> (64 - k); }
    void uniforms(double* u, int n) {  // in (0, 1)
        u8 a = s[0], b = s[1], c = s[2], d = s[3];
        for (int i = 0; i < n; i += W) {
            const u8 bits = (rotl(a + d, 23) + a) >> 12 | 0x3ff0000000000000, t = b << 17;
            store(u + i, reinterpret_cast<v8>(bits) - (1 - 0x1p-53));
            c ^= a, d ^= b, b ^= c, a ^= d, c ^= t, d = rotl(d, 45);
        }
        s[0] = a, s[1] = b, s[2] = c, s[3] = d;
    }
    void normals(double* x, int n) {
        double r[N], a[N];
        for (int at = 0; at < n; at += 2 * N) {
            int half = std::min(N, (n - at) / 2);
            uniforms(r, half), uniforms(a, half);
            double *c = x + at, *d = c + half;
            for (int i = 0; i < half; i++) r[i] = std::sqrt(-2 * std::log(r[i])), a[i] *= 2 * M_PI;
            for (int i = 0; i < half; i++) c[i] = r[i] * std::cos(a[i]);
            for (int i = 0; i < half; i++) d[i] = r[i] * std::sin(a[i]);
        }
    }
};
static_assert(INPUTS % (2 * W) == 0, "normals come in pairs of vectors");

static void sigmoid(double* y, const double* a, int n) {
    for (int i = 0; i < n; i++) y[i] = 1 / (1 + std::exp(-a[i]));
}

// The discriminator 1-32-1 with LeakyReLU(0.2); psi = w, b, v, c.
struct Discriminator {
    alignas(64) double psi[ND] = {}, grad[ND] = {};

    static v8 slope(v8 pre) { return pre > 0 ? v8{} + 1.0 : v8{} + 0.2; }
    void logits(double* a, const double* x, int n) const {
        for (int i = 0; i < n; i++) {
            v8 s{};
            for (int j = 0; j < H; j += W) {
                v8 pre = x[i] * load(psi + j) + load(psi + H + j);
                s += pre * slope(pre) * load(psi + 2 * H + j);
            }
            a[i] = sum(s) + psi[3 * H];
        }
    }
    void gradient(const double* c, const double* x, int n) {
        for (int j = 0; j < H; j += W) {
            v8 w = load(psi + j), b = load(psi + H + j), v = load(psi + 2 * H + j), gw{}, gb{}, gv{};
            for (int i = 0; i < n; i++) {
                v8 pre = x[i] * w + b, s = slope(pre), d = c[i] * v * s;
                gw += d * x[i], gb += d, gv += c[i] * pre * s;
            }
            store(grad + j, gw), store(grad + H + j, gb), store(grad + 2 * H + j, gv);
        }
        grad[3 * H] = 0;
        for (int i = 0; i < n; i++) grad[3 * H] += c[i];
    }
    void input_gradient(double* cx, const double* c, const double* x, int n) const {
        for (int i = 0; i < n; i++) {
            v8 s{};
            for (int j = 0; j < H; j += W) {
                v8 w = load(psi + j);
                s += slope(x[i] * w + load(psi + H + j)) * load(psi + 2 * H + j) * w;
            }
            cx[i] = c[i] * sum(s);
        }
    }
};

// The generator 16-32-1 with ReLU; theta = W[H×L], b, v, c.
struct Generator {
    alignas(64) double theta[NG] = {}, grad[NG] = {};
    alignas(64) double y[B * H], d[B * H], zz[B * B], dd[B * B], k[B * B], c[B];
    const double* z = nullptr;
    double *b = theta + H * L, *v = b + H;

    void forward(double* out, const double* latents) {
        z = latents;
        const double one = 1, zero = 0;
        dgemm_("T", "N", &H_, &B_, &L_, &one, theta, &L_, z, &L_, &zero, y, &H_);
        for (int i = 0; i < B; i++) {
            v8 s{};
            for (int j = 0; j < H; j += W) {
                v8 pre = load(y + i * H + j) + load(b + j), h = pre > 0 ? pre : v8{};
                store(y + i * H + j, h);
                s += h * load(v + j);
            }
            out[i] = sum(s) + v[H];
        }
    }
    void gradient(const double* cx) {  // Jᵀcx
        double *gb = grad + H * L, *gv = gb + H;
        for (int j = 0; j < H; j += W) {
            v8 sb{}, sv{}, vj = load(v + j);
            for (int i = 0; i < B; i++) {
                v8 h = load(y + i * H + j), di = h > 0 ? cx[i] * vj : v8{};
                store(d + i * H + j, di);
                sb += di, sv += cx[i] * h;
            }
            store(gb + j, sb), store(gv + j, sv);
        }
        gv[H] = 0;
        for (int i = 0; i < B; i++) gv[H] += cx[i];
        const double one = 1, zero = 0;
        dgemm_("N", "T", &L_, &H_, &B_, &one, z, &L_, d, &H_, &zero, grad, &L_);
    }
    void natural(const double* cx) {  // Jᵀ(JJᵀ/B + λI)⁻¹cx
        for (int i = 0; i < B * H; i += W) store(d + i, load(y + i) > 0 ? load(v + i % H) : v8{});
        const double one = 1, zero = 0;
        dsyrk_("L", "T", &B_, &L_, &one, z, &L_, &zero, zz, &B_);
        dsyrk_("L", "T", &B_, &H_, &one, d, &H_, &zero, dd, &B_);
        dsyrk_("L", "T", &B_, &H_, &one, y, &H_, &zero, k, &B_);
        for (int i = 0; i < B; i++) {
            for (int j = i; j < B; j++) {
                const int at = i * B + j;
                k[at] = ((zz[at] + 1) * dd[at] + k[at] + 1) / B;
            }
            k[i * B + i] += DAMPING;
            c[i] = cx[i];
        }
        const int rhs = 1;
        int info = 0;
        dpotrf_("L", &B_, k, &B_, &info);
        if (info == 0) dpotrs_("L", &B_, &rhs, k, &B_, c, &B_, &info);
        if (info != 0) throw std::runtime_error("the metric is not positive definite");
        gradient(c);
    }
    static constexpr int B_ = B, L_ = L, H_ = H;
};
constexpr int Generator::B_, Generator::L_, Generator::H_;

struct Adam {
    std::vector<double> m, v;
    double c1 = 1, c2 = 1;  // βᵗ
    explicit Adam(int n) : m(n), v(n) {}
    void step(double* __restrict p, const double* __restrict g) {
        c1 *= BETA1, c2 *= BETA2;
        const double rate = RATE / (1 - c1), root = 1 / std::sqrt(1 - c2);
        double *__restrict m_ = m.data(), *__restrict v_ = v.data();
        for (size_t i = 0; i < m.size(); i++) {
            m_[i] = BETA1 * m_[i] + (1 - BETA1) * g[i];
            v_[i] = BETA2 * v_[i] + (1 - BETA2) * g[i] * g[i];
            p[i] -= rate * m_[i] / (std::sqrt(v_[i]) * root + EPS);
        }
    }
};

struct Training {
    enum Name { sgd, adam, natural, natural_momentum } name;
    Generator g;
    Discriminator d;
    Adam adam_g{NG}, adam_d{ND};
    double velocity[NG] = {};
    Noise noise;
    alignas(64) double xi[INPUTS], x[2 * B], a[2 * B], c[2 * B];

    explicit Training(const std::string& s) {
        const char* names[] = {"sgd", "adam", "natural", "natural-momentum"};
        for (int i = 0; i < 4; i++)
            if (s == std::string("TrainerStep/") + names[i]) {
                name = Name(i);
                start();
                return;
            }
        throw std::runtime_error("unknown benchmark " + s);
    }
    void start() {  // PyTorch's bounds
        double u[Noise::N];
        auto fill = [&](double* p, int n, int fan_in) {
            for (int at = 0; at < n; at += W) {
                noise.uniforms(u, W);
                for (int i = 0; i < std::min(W, n - at); i++) p[at + i] = (2 * u[i] - 1) / std::sqrt(double(fan_in));
            }
        };
        fill(g.theta, H * L + H, L), fill(g.v, H + 1, H), fill(d.psi, 2 * H, 1), fill(d.psi + 2 * H, H + 1, H);
    }
    void run() {
        noise.normals(xi, INPUTS);
        step();
    }
    void step() {  // with the inputs in xi: data, latents of D's step, latents of G's
        for (int i = 0; i < B; i++) x[i] = 8 + 1.25 * xi[i];
        g.forward(x + B, xi + B);
        d.logits(a, x, 2 * B);
        sigmoid(c, a, 2 * B);
        for (int i = 0; i < B; i++) c[i] = (c[i] - 1) / B, c[B + i] /= B;
        d.gradient(c, x, 2 * B);
        if (name == sgd) descend(d.psi, d.grad, ND, RATE_SGD);
        else adam_d.step(d.psi, d.grad);

        g.forward(x, xi + B + B * L);
        d.logits(a, x, B);
        sigmoid(c, a, B);
        for (int i = 0; i < B; i++) c[i] = (c[i] - 1) / B;
        d.input_gradient(a, c, x, B);
        if (name < natural) g.gradient(a);
        else g.natural(a);
        if (name == adam) return adam_g.step(g.theta, g.grad);
        if (name == natural_momentum) {
            for (int i = 0; i < NG; i++) velocity[i] = MOMENTUM * velocity[i] - RATE * g.grad[i], g.theta[i] += velocity[i];
            return;
        }
        descend(g.theta, g.grad, NG, name == sgd ? RATE_SGD : RATE);
    }
    static void descend(double* p, const double* grad, int n, double rate) {
        for (int i = 0; i < n; i++) p[i] -= rate * grad[i];
    }
    bool finite() const {  // by bits: -ffast-math takes isfinite for granted
        for (double v : g.theta) {
            uint64_t bits;
            std::memcpy(&bits, &v, sizeof v);
            if ((bits >> 52 & 0x7ff) == 0x7ff) return false;
        }
        return true;
    }
};

static void check(Training& t, const std::string& path) {
    std::ifstream f(path);
    int steps = 0;
    auto read = [&](double* p, int n) {
        for (int i = 0; i < n; i++)
            if (!(f >> p[i])) throw std::runtime_error("too few numbers in the check's file");
    };
    f >> steps;
    read(t.d.psi, ND), read(t.g.theta, NG);
    while (steps-- > 0) read(t.xi, INPUTS), t.step();
    std::printf("ok");
    for (double v : t.d.psi) std::printf(" %.17g", v);
    for (double v : t.g.theta) std::printf(" %.17g", v);
    std::printf("\n");
}

// moments prints mean, variance and fourth moment of n normals.
static void moments(int n) {
    Noise noise;
    std::vector<double> x(n);
    noise.normals(x.data(), n);
    double m = 0, v = 0, q = 0;
    for (double z : x) m += z, v += z * z, q += z * z * z * z;
    std::printf("ok %.17g %.17g %.17g\n", m / n, v / n, q / n);
}

static double lap(Training& t, double seconds) {  // seconds a step
    using clock = std::chrono::steady_clock;
    const auto begin = clock::now();
    for (int64_t steps = 0;;) {
        for (int i = 0; i < 16; i++) t.run();
        steps += 16;
        const double elapsed = std::chrono::duration<double>(clock::now() - begin).count();
        if (elapsed >= seconds) return elapsed / steps;
    }
}

static void answer(const std::string& line) {
    std::istringstream in(line);
    std::string verb, name, variant, argument;
    std::getline(in, verb, '\t'), std::getline(in, name, '\t'), std::getline(in, variant, '\t'), std::getline(in, argument);
    if (verb == "moments") return moments(std::stoi(argument));
    Training t(name);
    if (verb == "check") return check(t, argument);
    const double seconds = std::stod(argument);
    lap(t, seconds / 5);
    const double step = lap(t, seconds);
    if (!t.finite()) throw std::runtime_error("the state is not finite");
    std::printf("ok %.17g\n", step);
}

int main() {
    Dl_info where{};
    dladdr(reinterpret_cast<void*>(&dgemm_), &where);
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    std::printf("ready g++ %s, %s, core %s\t%s\n", __VERSION__, openblas_get_config(), openblas_get_corename(),
                where.dli_fname ? where.dli_fname : "");
    for (std::string line; std::getline(std::cin, line);) try {
            answer(line);
        } catch (const std::exception& e) {
            std::printf("error %s\n", e.what());
        }
}
