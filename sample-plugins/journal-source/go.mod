module journal-source

go 1.22

require bulkhead/plugin v0.0.0

replace bulkhead/plugin => ../../protocol/sdk/go
