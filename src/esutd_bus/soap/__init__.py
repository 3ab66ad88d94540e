"""Service contracts (WSDL, XSD), envelopes and the plans that decode and encode messages by them."""
