"""Channels: where messages come from and go to.

instagram  the one that exists          base  what a second one would be
health     what a doctor of one finds
"""
