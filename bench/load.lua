-- SPDX-License-Identifier: EUPL-1.2
-- For wrk: sends the requests of a file in turn, and tells the result as one line of JSON (load.py).
-- The file holds whole HTTP requests, each after its length in eight digits; its path is in REQUESTS.
-- wrk would first connect once and ask nothing, which `openssl ocsp` waits for.
function wrk.connect() return true end

local all, last = {}, 0
local file = assert(io.open(os.getenv("REQUESTS"), "rb"))
for length in function() return file:read(8) end do
  all[#all + 1] = file:read(tonumber(length))
end
file:close()

function request()
  last = last % #all + 1
  return all[last]
end

function done(summary, latency)
  local errors, count = summary.errors, 0
  for _, kind in ipairs({"connect", "read", "write", "status", "timeout"}) do
    count = count + errors[kind]
  end
  print(string.format('{"requests": %d, "microseconds": %d, "failed": %d, "p99": %d}',
    summary.requests, summary.duration, count, latency:percentile(99)))
end
