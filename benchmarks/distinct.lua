-- Sends each message of a file once: `wrk -t1 -s distinct.lua … -- FILE`.
-- The file: for each message its length in decimal digits, a line feed, and the message.
-- Time is counted from the first message to the last answer. While the last answers are awaited, free connections ask
-- for what is not there: one that is silent would block a server that serves one connection at a time.

local ffi = require("ffi")
ffi.cdef[[ typedef struct { long s; long ns; } moment; int clock_gettime(int, moment *); ]]

local threads = {}

function setup(thread)
   table.insert(threads, thread)
end

function now()
   local moment = ffi.new("moment")
   ffi.C.clock_gettime(1, moment)
   return tonumber(moment.s) + tonumber(moment.ns) / 1e9
end

function init(args)
   messages, at, answers, first, last = {}, 0, 0, 0, 0
   filler = wrk.format("GET", "/nothing-here")
   local headers = {["Content-Type"] = "text/xml; charset=utf-8", ["SOAPAction"] = '""'}
   local file = assert(io.open(args[1], "rb"))
   while true do
      local length = file:read("*n")
      if not length then break end
      file:read(1)
      messages[#messages + 1] = wrk.format("POST", nil, headers, file:read(length))
   end
   file:close()
end

function request()
   if not looked_at then
      looked_at = true  -- wrk asks once before it begins, and sends nothing
      return messages[1]
   end
   at = at + 1
   if at == 1 then first = now() end
   return messages[at] or filler
end

function response(status)
   if status ~= 200 then return end  -- a filler's, or a refusal: then answers are missing at the end
   answers = answers + 1
   if answers == #messages then
      last = now()
      wrk.thread:stop()
   end
end

function done(summary, latency)
   local thread, errors = threads[1], summary.errors
   io.write(string.format(
      '{"answers": %d, "seconds": %.6f, "p50": %.3f, "p99": %.3f, "max": %.3f, "errors": %d}\n',
      thread:get("answers"), thread:get("last") - thread:get("first"),
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3,
      errors.connect + errors.read + errors.write + errors.timeout))
end
