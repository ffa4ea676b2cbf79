// Statistics of all containers in one call: the files stay open and are read anew with pread. A container that has gone
// gives NaN, never an error.
#include "error.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <string>
#include <unistd.h>
#include <vector>

namespace sampler {

namespace {

// The order is index.d.ts's.
constexpr const char *field_names[] = {"cpuUsageNanos",
                                       "cpuUserNanos",
                                       "cpuSystemNanos",
                                       "cpuPeriods",
                                       "cpuThrottledPeriods",
                                       "cpuThrottledNanos",
                                       "memoryUsageBytes",
                                       "memoryInactiveFileBytes",
                                       "memoryAnonBytes",
                                       "memoryFileBytes",
                                       "memoryLimitBytes",
                                       "memoryMaxUsageBytes",
                                       "oomKills",
                                       "pidsCurrent",
                                       "pidsLimit",
                                       "blkReadBytes",
                                       "blkWriteBytes",
                                       "blkReadOps",
                                       "blkWriteOps",
                                       "rxBytes",
                                       "rxPackets",
                                       "rxErrors",
                                       "rxDropped",
                                       "txBytes",
                                       "txPackets",
                                       "txErrors",
                                       "txDropped"};
constexpr size_t field_count = std::size(field_names);

enum Field {
  cpu_usage,
  cpu_user,
  cpu_system,
  cpu_periods,
  cpu_throttled_periods,
  cpu_throttled_nanos,
  memory_usage,
  memory_inactive_file,
  memory_anon,
  memory_file,
  memory_limit,
  memory_max_usage,
  oom_kills,
  pids_current,
  pids_limit,
  blk_read_bytes,
  blk_write_bytes,
  blk_read_ops,
  blk_write_ops,
  rx_bytes,
  rx_packets,
  rx_errors,
  rx_dropped,
  tx_bytes,
  tx_packets,
  tx_errors,
  tx_dropped
};

// How a file's text becomes fields: a lone number, `key value` lines, or the per-device tables of blkio and io.stat.
enum class Shape { number, keys, blkio, io_stat };

struct Key {
  const char *name;
  Field field;
  double factor;
};

struct File {
  int fd;
  Shape shape;
  Field field;
  std::vector<Key> keys;
};

struct Row {
  std::string id;
  std::vector<File> files;
};

// cgroup v1 writes "no limit" as a page-rounded 2^63.
constexpr double unlimited_v1 = 9e18;

void parse_number(const char *text, const File &file, double *row) {
  if (strncmp(text, "max", 3) == 0)
    row[file.field] = 0;
  else {
    double value = strtod(text, nullptr);
    row[file.field] = file.field == memory_limit && value > unlimited_v1 ? 0 : value;
  }
}

void parse_keys(const char *text, const File &file, double *row) {
  for (const char *line = text; *line != 0;) {
    size_t length = strcspn(line, " \n");
    for (const Key &key : file.keys)
      if (strlen(key.name) == length && strncmp(line, key.name, length) == 0)
        row[key.field] = strtod(line + length, nullptr) * key.factor;
    line += strcspn(line, "\n");
    line += *line == '\n';
  }
}

// "8:0 Read 4096": summed over devices.
void parse_blkio(const char *text, const File &file, double *row) {
  Field reads = file.field, writes = static_cast<Field>(file.field + 1);
  row[reads] = row[writes] = 0;
  for (const char *line = text; *line != 0;) {
    const char *word = line + strcspn(line, " \n");
    if (strncmp(word, " Read ", 6) == 0)
      row[reads] += strtod(word + 6, nullptr);
    else if (strncmp(word, " Write ", 7) == 0)
      row[writes] += strtod(word + 7, nullptr);
    line += strcspn(line, "\n");
    line += *line == '\n';
  }
}

// "8:0 rbytes=1 wbytes=2 rios=3 wios=4 ..."
void parse_io_stat(const char *text, const File &, double *row) {
  static const Key keys[] = {{"rbytes=", blk_read_bytes, 1},
                             {"wbytes=", blk_write_bytes, 1},
                             {"rios=", blk_read_ops, 1},
                             {"wios=", blk_write_ops, 1}};
  for (const Key &key : keys) {
    row[key.field] = 0;
    for (const char *at = text; (at = strstr(at, key.name)) != nullptr; at += strlen(key.name))
      row[key.field] += strtod(at + strlen(key.name), nullptr);
  }
}

void read_file(const File &file, double *row, char *buffer, size_t size) {
  ssize_t length = pread(file.fd, buffer, size - 1, 0);
  if (length <= 0 && !(length == 0 && (file.shape == Shape::blkio || file.shape == Shape::io_stat)))
    return;
  buffer[length] = 0;
  switch (file.shape) {
  case Shape::number:
    return parse_number(buffer, file, row);
  case Shape::keys:
    return parse_keys(buffer, file, row);
  case Shape::blkio:
    return parse_blkio(buffer, file, row);
  case Shape::io_stat:
    return parse_io_stat(buffer, file, row);
  }
}

class Sampler : public Napi::ObjectWrap<Sampler> {
public:
  static void define(Napi::Env env, Napi::Object exports) {
    exports.Set("Sampler",
                DefineClass(env, "Sampler",
                            {InstanceMethod("add", &Sampler::add), InstanceMethod("remove", &Sampler::remove),
                             InstanceMethod("ids", &Sampler::ids), InstanceMethod("sample", &Sampler::sample),
                             InstanceMethod("close", &Sampler::close_all)}));
  }
  explicit Sampler(const Napi::CallbackInfo &info) : Napi::ObjectWrap<Sampler>(info) {}
  ~Sampler() override {
    clear();
  }

private:
  std::vector<Row> rows;

  static void close_row(Row &row) {
    for (File &file : row.files)
      close(file.fd);
  }
  void clear() {
    for (Row &row : rows)
      close_row(row);
    rows.clear();
  }
  void forget(const std::string &id) {
    auto at = std::find_if(rows.begin(), rows.end(), [&id](const Row &row) { return row.id == id; });
    if (at == rows.end())
      return;
    close_row(*at);
    rows.erase(at);
  }

  static void open_file(Row &row, const std::string &path, Shape shape, Field field, std::vector<Key> keys = {}) {
    int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
      row.files.push_back({fd, shape, field, std::move(keys)});
  }

  static void open_v2(Row &row, const std::string &at) {
    open_file(row, at + "/cpu.stat", Shape::keys, cpu_usage,
              {{"usage_usec", cpu_usage, 1000},
               {"user_usec", cpu_user, 1000},
               {"system_usec", cpu_system, 1000},
               {"nr_periods", cpu_periods, 1},
               {"nr_throttled", cpu_throttled_periods, 1},
               {"throttled_usec", cpu_throttled_nanos, 1000}});
    open_file(row, at + "/memory.current", Shape::number, memory_usage);
    open_file(row, at + "/memory.peak", Shape::number, memory_max_usage);
    open_file(row, at + "/memory.max", Shape::number, memory_limit);
    open_file(row, at + "/memory.stat", Shape::keys, memory_anon,
              {{"anon", memory_anon, 1}, {"file", memory_file, 1}, {"inactive_file", memory_inactive_file, 1}});
    open_file(row, at + "/memory.events", Shape::keys, oom_kills, {{"oom_kill", oom_kills, 1}});
    open_file(row, at + "/pids.current", Shape::number, pids_current);
    open_file(row, at + "/pids.max", Shape::number, pids_limit);
    open_file(row, at + "/io.stat", Shape::io_stat, blk_read_bytes);
  }

  static void open_v1(Row &row, const std::map<std::string, std::string> &at) {
    auto with = [&](const char *controller, const char *file) {
      auto found = at.find(controller);
      return found == at.end() ? std::string() : found->second + "/" + file;
    };
    open_file(row, with("cpuacct", "cpuacct.usage"), Shape::number, cpu_usage);
    open_file(row, with("cpuacct", "cpuacct.usage_user"), Shape::number, cpu_user);
    open_file(row, with("cpuacct", "cpuacct.usage_sys"), Shape::number, cpu_system);
    open_file(row, with("cpu", "cpu.stat"), Shape::keys, cpu_periods,
              {{"nr_periods", cpu_periods, 1},
               {"nr_throttled", cpu_throttled_periods, 1},
               {"throttled_time", cpu_throttled_nanos, 1}});
    open_file(row, with("memory", "memory.usage_in_bytes"), Shape::number, memory_usage);
    open_file(row, with("memory", "memory.max_usage_in_bytes"), Shape::number, memory_max_usage);
    open_file(row, with("memory", "memory.limit_in_bytes"), Shape::number, memory_limit);
    open_file(row, with("memory", "memory.stat"), Shape::keys, memory_anon,
              {{"total_rss", memory_anon, 1},
               {"total_cache", memory_file, 1},
               {"total_inactive_file", memory_inactive_file, 1}});
    open_file(row, with("memory", "memory.oom_control"), Shape::keys, oom_kills, {{"oom_kill", oom_kills, 1}});
    open_file(row, with("pids", "pids.current"), Shape::number, pids_current);
    open_file(row, with("pids", "pids.max"), Shape::number, pids_limit);
    open_file(row, with("blkio", "blkio.throttle.io_service_bytes_recursive"), Shape::blkio, blk_read_bytes);
    open_file(row, with("blkio", "blkio.throttle.io_serviced_recursive"), Shape::blkio, blk_read_ops);
  }

  // What the host's end receives, the container sent.
  static void open_interface(Row &row, const std::string &name) {
    static const struct {
      const char *file;
      Field field;
    } counters[] = {{"tx_bytes", rx_bytes},     {"tx_packets", rx_packets}, {"tx_errors", rx_errors},
                    {"tx_dropped", rx_dropped}, {"rx_bytes", tx_bytes},     {"rx_packets", tx_packets},
                    {"rx_errors", tx_errors},   {"rx_dropped", tx_dropped}};
    if (name.find('/') != std::string::npos)
      return;
    for (const auto &counter : counters)
      open_file(row, "/sys/class/net/" + name + "/statistics/" + counter.file, Shape::number, counter.field);
  }

  Napi::Value add(const Napi::CallbackInfo &info) {
    Row row{info[0].ToString(), {}};
    forget(row.id);
    Napi::Object source = info[1].As<Napi::Object>(), cgroups = source.Get("cgroups").As<Napi::Object>();
    std::map<std::string, std::string> paths;
    Napi::Array names = cgroups.GetPropertyNames();
    for (uint32_t i = 0; i < names.Length(); i++)
      paths[names.Get(i).ToString()] = cgroups.Get(names.Get(i)).ToString();
    if (paths.count("v2") != 0)
      open_v2(row, paths["v2"]);
    else
      open_v1(row, paths);
    if (source.Get("hostInterface").IsString())
      open_interface(row, source.Get("hostInterface").ToString());
    rows.push_back(std::move(row));
    return info.Env().Undefined();
  }
  Napi::Value remove(const Napi::CallbackInfo &info) {
    forget(info[0].ToString());
    return info.Env().Undefined();
  }
  Napi::Value ids(const Napi::CallbackInfo &info) {
    Napi::Array result = Napi::Array::New(info.Env(), rows.size());
    for (uint32_t i = 0; i < rows.size(); i++)
      result.Set(i, rows[i].id);
    return result;
  }
  Napi::Value sample(const Napi::CallbackInfo &info) {
    Napi::Float64Array result = Napi::Float64Array::New(info.Env(), rows.size() * field_count);
    double *at = result.Data();
    std::fill(at, at + rows.size() * field_count, std::nan(""));
    char buffer[16384];
    for (const Row &row : rows) {
      for (const File &file : row.files)
        read_file(file, at, buffer, sizeof buffer);
      at += field_count;
    }
    return result;
  }
  Napi::Value close_all(const Napi::CallbackInfo &info) {
    clear();
    return info.Env().Undefined();
  }
};

} // namespace

void init(Napi::Env env, Napi::Object exports) {
  Sampler::define(env, exports);
  Napi::Array names = Napi::Array::New(env, field_count);
  for (uint32_t i = 0; i < field_count; i++)
    names.Set(i, field_names[i]);
  exports.Set("sampleFields", names);
}

} // namespace sampler
