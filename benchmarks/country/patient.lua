-- `distinct.lua` for a service that serves all its connections at once: those that are free near the end ask more
-- seldom, so that what is not there weighs little among the times.

dofile(debug.getinfo(1, "S").source:sub(2):match("^(.*)country/") .. "distinct.lua")

function delay()
   return at >= #messages and 20 or 0
end
