"""The walk and its doors."""
