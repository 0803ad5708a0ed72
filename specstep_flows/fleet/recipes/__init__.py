"""Engines that can drive a fleet's runs in place of its workers, each in a file to be copied. Nothing imports them."""
