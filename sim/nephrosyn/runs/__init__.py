"""MISSING"""
