"""XML signatures: one strict verifier, certificates, trust; signing for the service and its clients."""
