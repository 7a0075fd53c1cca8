-- Health of IntegrationUser, SystemIntegrationUser and Scope, by the conditions that neoid writes (kstatus):
-- Stalled: only a person can mend it. Reconciling: on the way. Paused: left alone on purpose.
local health = { status = "Progressing", message = "waiting for neoid to look at it" }
if obj.metadata.deletionTimestamp ~= nil then
  health.message = "being deleted"
end
if obj.status == nil or obj.status.conditions == nil then
  return health
end

local conditions = {}
for _, condition in ipairs(obj.status.conditions) do
  conditions[condition.type] = condition
end
local function is_true(name)
  return conditions[name] ~= nil and conditions[name].status == "True"
end

-- What was said of an older generation says nothing of this one, unless it says that a person must act.
local current = obj.status.observedGeneration == obj.metadata.generation
if is_true("Paused") and obj.metadata.deletionTimestamp == nil then
  health.status = "Suspended"
  health.message = conditions["Paused"].message
elseif is_true("Stalled") and current then
  health.status = "Degraded"
  health.message = conditions["Stalled"].message
elseif obj.metadata.deletionTimestamp ~= nil then
  if conditions["Reconciling"] ~= nil then
    health.message = conditions["Reconciling"].message
  end
elseif current and is_true("Ready") and not is_true("Reconciling") then
  health.status = "Healthy"
  health.message = conditions["Ready"].message
elseif current and conditions["Ready"] ~= nil then
  health.message = conditions["Ready"].message
end
return health
