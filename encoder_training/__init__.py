"""The long way: fine-tuning the encoder that the package ships; `make encoder` runs it."""
