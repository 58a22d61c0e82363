-- Posts the bodies of a file by turns, one in each line, and prints the outcome as JSON.
local requests = {}
local place = 0

function init(arguments)
  for body in io.lines(arguments[1]) do
    local headers = { ["Content-Type"] = "application/json" }
    requests[#requests + 1] = wrk.format("POST", nil, headers, body)
  end
end

function request()
  place = place % #requests + 1
  return requests[place]
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  local form = '{"requests":%d,"seconds":%.6f,"failed":%d,"p50":%.4f,"p99":%.4f,"slowest":%.4f}\n'
  local p50, p99 = latency:percentile(50) / 1000, latency:percentile(99) / 1000
  io.write(string.format(form, summary.requests, summary.duration / 1e6, failed, p50, p99, latency.max / 1000))
end
