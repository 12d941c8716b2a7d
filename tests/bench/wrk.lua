-- What wrk has measured, for web.rs; run once at the end, it costs the measurement nothing.
function done(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
  print(string.format("measured %d %d %d %d %d %d", summary.requests, summary.duration, summary.bytes, failed,
    latency:percentile(50), latency:percentile(99)))
end
